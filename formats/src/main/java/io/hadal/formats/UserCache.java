package io.hadal.formats;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The user's folder for files that can be made again. */
public final class UserCache {
  private UserCache() {}

  /** {@code $XDG_CACHE_HOME/hadal}, else {@code ~/.cache/hadal}; it may not exist. */
  public static Path folder() {
    String set = System.getenv("XDG_CACHE_HOME");
    if (set != null) {
      try {
        Path path = Path.of(set);
        if (path.isAbsolute()) {
          return path.resolve("hadal");
        }
      } catch (InvalidPathException e) {
        // The specification says to ignore what is no absolute path.
      }
    }
    return Path.of(System.getProperty("user.home"), ".cache", "hadal");
  }
}
