package io.hadal.platform.cluster;

import io.hadal.platform.db.Database;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Which configuration a living node has, seen from outside of all nodes.
 *
 * @param engine whether it computes for others; gateways and engines are compared among themselves
 * @param mark its configuration
 * @param differs whether most nodes of its kind have another one
 */
public record NodeConfiguration(String node, boolean engine, ConfigMark mark, boolean differs) {
  /** All nodes that are alive and say what they have, by name. */
  public static List<NodeConfiguration> all(Database database, Clock clock) {
    long now = clock.millis();
    List<NodeTable.Row> alive =
        new NodeTable(database)
            .all().stream()
                .filter(row -> row.config() != null)
                .filter(
                    row ->
                        Math.abs(now - row.renewedAt())
                            <= Nodes.LEASE_MILLIS + Nodes.TOLERANCE_MILLIS)
                .toList();
    return alive.stream()
        .map(
            row -> {
              boolean engine = row.engine() != null;
              ConfigMark mark = mark(row);
              boolean differs = !mark.hash().equals(usual(alive, engine));
              return new NodeConfiguration(row.name(), engine, mark, differs);
            })
        .toList();
  }

  /** What most nodes of a kind have; of equally many, that of the first one by name. */
  private static String usual(List<NodeTable.Row> alive, boolean engine) {
    List<String> hashes =
        alive.stream()
            .filter(row -> (row.engine() != null) == engine)
            .map(row -> mark(row).hash())
            .toList();
    Map<String, Long> counts =
        hashes.stream().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    return hashes.stream()
        .distinct()
        .max(
            Comparator.<String>comparingLong(hash -> counts.getOrDefault(hash, 0L))
                .thenComparing(hash -> -hashes.indexOf(hash)))
        .orElse("");
  }

  private static ConfigMark mark(NodeTable.Row row) {
    ConfigMark mark = row.config();
    if (mark == null) {
      throw new IllegalStateException(row.name());
    }
    return mark;
  }
}
