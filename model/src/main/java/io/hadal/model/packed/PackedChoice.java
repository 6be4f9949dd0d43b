package io.hadal.model.packed;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where mode fast takes packed weights from.
 *
 * @param search true to use a side file where one is found
 * @param file the side file to use; null for none in particular
 */
public record PackedChoice(boolean search, @Nullable Path file) {
  /** A side file where there is one, else memory. */
  public static final PackedChoice AUTO = new PackedChoice(true, null);

  /** Memory, whatever files there are. */
  public static final PackedChoice MEMORY = new PackedChoice(false, null);

  /** {@code auto}, {@code memory} or the path of a side file, against a folder. */
  public static PackedChoice parse(String text, Path folder) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "auto" -> AUTO;
      case "memory" -> MEMORY;
      default -> of(folder.resolve(text));
    };
  }

  /** This side file and no other. */
  public static PackedChoice of(Path file) {
    return new PackedChoice(false, file);
  }
}
