package io.hadal.server.connect;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The home folder that settings are for: one with files, or the picture of an empty one. */
public final class HomeFolder {
  private static final long MOST_BYTES = 4 << 20;

  private final Path path;
  private final boolean real;

  private HomeFolder(Path path, boolean real) {
    this.path = path;
    this.real = real;
  }

  /** A folder of this machine; what its files hold stays but for what is set. */
  public static HomeFolder at(Path folder) {
    return new HomeFolder(folder, true);
  }

  /** A folder of somebody else's, who has none of the files; nothing is read. */
  public static HomeFolder described() {
    return new HomeFolder(Path.of("~"), false);
  }

  Path resolve(String name) {
    return path.resolve(name);
  }

  /** A file and what it is to hold. */
  FileEdit edit(Path file, String after) {
    return new FileEdit(file, content(file), after);
  }

  /**
   * The content of a file that a user has, null when there is none.
   *
   * @throws FormatException when it is no text or too long
   */
  @Nullable String content(Path file) {
    try {
      if (!real || !Files.exists(file)) {
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
}
