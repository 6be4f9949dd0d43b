package io.hadal.cli.platform;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The folder with the platform's files: {@code --data DIR}. */
final class DataFolder {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder with the platform's files, hadal.db among them. Default:"
              + " $XDG_DATA_HOME/hadal, else ~/.local/share/hadal.")
  private @Nullable Path folder;

  Path folder() {
    return folder == null ? standard(System.getenv("XDG_DATA_HOME")) : folder;
  }

  static Path standard(@Nullable String set) {
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
    return Path.of(System.getProperty("user.home"), ".local", "share", "hadal");
  }

  /** The private key of the audit log, with its public key. */
  Path auditKey() {
    return folder().resolve("audit.key");
  }

  Path checkpoints() {
    return folder().resolve("audit-checkpoints.jsonl");
  }

  /** Opens the database, which must be there. */
  Database open() {
    Path file = folder().resolve("hadal.db");
    if (!Files.exists(file)) {
      throw new FormatException(
          file.toString(), "no such database; name its folder with --data DIR");
    }
    return Database.open(DatabaseOptions.file(file));
  }
}
