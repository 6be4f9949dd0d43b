package io.hadal.cli.platform;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.registry.AliasChange;
import io.hadal.platform.registry.AliasChange.Kind;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --data}: the folder of the platform's database, and the registry in it. */
final class ModelData {
  private static final String FILE = "hadal.db";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Folder of the platform's data. Default: hadal below XDG_DATA_HOME or ~/.local/share.")
  private @Nullable Path folder;

  /** An open database with its registry. */
  static final class Opened implements AutoCloseable {
    final Database database;
    final Registry registry;

    private Opened(Database database) {
      this.database = database;
      this.registry = new Registry(database, Clock.systemUTC());
    }

    /**
     * A version by its id, or by a name of everybody that points to it.
     *
     * @throws FormatException when there is none
     */
    ModelVersion version(String name) {
      Optional<ModelVersion> pinned = registry.version(name);
      if (pinned.isPresent()) {
        return pinned.get();
      }
      return registry.history("", name).stream()
          .findFirst()
          .filter(a -> a.kind() == Kind.VERSION)
          .map(AliasChange::target)
          .flatMap(registry::version)
          .orElseThrow(() -> new FormatException(name, "is no model here; see 'hadal model list'"));
    }

    @Override
    public void close() {
      database.close();
    }
  }

  /**
   * Opens the database, which is made when it is not there.
   *
   * @throws FormatException when it cannot be used
   */
  Opened open() {
    Path used = folder == null ? standard() : folder;
    try {
      Files.createDirectories(used);
    } catch (FileAlreadyExistsException e) {
      throw new FormatException("--data " + used, "is no folder", e);
    } catch (IOException e) {
      throw new FormatException("--data " + used, "cannot be made: " + e, e);
    }
    return new Opened(Database.open(DatabaseOptions.file(used.resolve(FILE))));
  }

  private static Path standard() {
    String set = System.getenv("XDG_DATA_HOME");
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

  /** Who works here, for histories. */
  static String actor() {
    return "cli:" + System.getProperty("user.name", "unknown");
  }
}
