package io.hadal.platform.reports;

import io.hadal.platform.db.Database;
import io.hadal.platform.registry.VersionUsage;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** Who uses which versions, from the usage events. */
public final class VersionUses implements VersionUsage {
  private static final int MOST = 1000;

  private final Database database;

  public VersionUses(Database database) {
    this.database = database;
  }

  @Override
  public List<Use> since(Collection<String> versions, Instant from) {
    if (versions.isEmpty()) {
      return List.of();
    }
    return database.read(
        h ->
            h.createQuery(
                    "SELECT model_version, org_id, project_id, count(*) AS requests,"
                        + " max(end_at) AS last_at FROM usage_event"
                        // Copies and probes are nobody's use.
                        + " WHERE end_at >= :from AND model_version IN (<versions>)"
                        + " AND outcome <> 'SHADOW'"
                        + " GROUP BY model_version, org_id, project_id"
                        + " ORDER BY requests DESC, project_id LIMIT :most")
                .bind("from", from.toEpochMilli())
                .bind("most", MOST)
                .bindList("versions", List.copyOf(versions))
                .map(
                    (rs, ctx) ->
                        new Use(
                            rs.getString(1),
                            rs.getString(2),
                            rs.getString(3),
                            rs.getLong(4),
                            Instant.ofEpochMilli(rs.getLong(5))))
                .list());
  }
}
