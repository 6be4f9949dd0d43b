package io.hadal.cli.platform;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.registry.AliasChange;
import io.hadal.platform.registry.AliasChange.Kind;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import java.time.Clock;
import java.util.Optional;
import picocli.CommandLine.Mixin;

/** {@code --data}: the folder of the platform's database, and the registry in it. */
final class ModelData {
  @Mixin private DatabaseOption where = new DatabaseOption();

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
    return new Opened(where.open(true));
  }

  /** Who works here, for histories. */
  static String actor() {
    return "cli:" + System.getProperty("user.name", "unknown");
  }
}
