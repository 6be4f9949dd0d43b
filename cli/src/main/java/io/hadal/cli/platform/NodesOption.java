package io.hadal.cli.platform;

import io.hadal.platform.cluster.NodeConfiguration;
import io.hadal.platform.db.Database;
import java.time.Clock;
import java.util.List;
import picocli.CommandLine.Mixin;

/** Which configurations the nodes of a platform have, when a command says where its database is. */
public final class NodesOption {
  @Mixin private DatabaseOption where = new DatabaseOption();

  /**
   * The living nodes; none when no database was named.
   *
   * @throws io.hadal.formats.FormatException when the database cannot be opened
   */
  public List<NodeConfiguration> configurations() {
    if (!where.given()) {
      return List.of();
    }
    try (Database database = where.open(false)) {
      return NodeConfiguration.all(database, Clock.systemUTC());
    }
  }
}
