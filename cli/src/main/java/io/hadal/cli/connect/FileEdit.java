package io.hadal.cli.connect;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file and what it is to hold.
 *
 * @param file where
 * @param before what it holds; null when it is not there
 * @param after what it is to hold
 */
public record FileEdit(Path file, @Nullable String before, String after) {
  private static final long MOST_BYTES = 4 << 20;

  /**
   * The content of a file that a user has, null when there is none.
   *
   * @throws FormatException when it is no text or too long
   */
  static @Nullable String content(Path file) {
    try {
      if (!Files.exists(file)) {
        return null;
      }
      if (Files.size(file) > MOST_BYTES) {
        throw new FormatException(file.toString(), "is too large for settings");
      }
      return Files.readString(file);
    } catch (MalformedInputException e) {
      throw new FormatException(file.toString(), "is not UTF-8 text", e);
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e, e);
    }
  }

  /** Whether the file holds it already. */
  public boolean done() {
    return after.equals(before);
  }

  /** The change, line by line: {@code -} for what goes, {@code +} for what comes. */
  public List<String> diff() {
    List<String> old = before == null ? List.of() : before.lines().toList();
    List<String> now = after.lines().toList();
    int[][] common = new int[old.size() + 1][now.size() + 1];
    for (int i = old.size() - 1; i >= 0; i--) {
      for (int j = now.size() - 1; j >= 0; j--) {
        common[i][j] =
            old.get(i).equals(now.get(j))
                ? common[i + 1][j + 1] + 1
                : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    List<String> lines = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < old.size() || j < now.size()) {
      if (i < old.size() && j < now.size() && old.get(i).equals(now.get(j))) {
        lines.add("  " + old.get(i));
        i++;
        j++;
      } else if (j == now.size() || i < old.size() && common[i + 1][j] >= common[i][j + 1]) {
        lines.add("- " + old.get(i++));
      } else {
        lines.add("+ " + now.get(j++));
      }
    }
    return lines;
  }
}
