package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import io.hadal.platform.Ids;
import io.hadal.platform.db.Database;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/** What versions were seen to do. Only what the last run of probes has passed is advertised. */
public final class ProbeStore {
  private static final int MOST_DETAIL = 300;

  private final Database database;
  private final Registry registry;

  public ProbeStore(Database database, Registry registry) {
    this.database = database;
    this.registry = registry;
  }

  /**
   * Keeps a run of probes.
   *
   * @return id of the run
   * @throws FormatException when there is no such version
   */
  public String save(String version, List<ProbeResult> results) {
    if (registry.version(version).isEmpty()) {
      throw new FormatException(version, "is no version");
    }
    String run = Ids.next("prb_");
    database.run(
        h -> {
          for (ProbeResult r : results) {
            h.createUpdate(
                    "INSERT INTO model_probe VALUES (:version, :run, :feature, :outcome, :detail,"
                        + " :millis, :at)")
                .bind("version", version)
                .bind("run", run)
                .bind("feature", r.feature())
                .bind("outcome", r.outcome().text())
                .bind("detail", r.detail().substring(0, Math.min(MOST_DETAIL, r.detail().length())))
                .bind("millis", r.millis())
                .bind("at", r.probedAt().toEpochMilli())
                .execute();
          }
        });
    registry.refresh();
    return run;
  }

  /** Results of the last run, by feature; empty when the version was never probed. */
  public List<ProbeResult> last(String version) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT * FROM model_probe WHERE version = :version AND run_id = (SELECT run_id"
                        + " FROM model_probe WHERE version = :version ORDER BY probed_at DESC,"
                        + " run_id DESC LIMIT 1) ORDER BY feature")
                .bind("version", version)
                .map(
                    (rs, c) ->
                        new ProbeResult(
                            rs.getString("feature"),
                            ProbeResult.Outcome.valueOf(
                                rs.getString("outcome").toUpperCase(Locale.ROOT)),
                            rs.getString("detail"),
                            rs.getLong("millis"),
                            Instant.ofEpochMilli(rs.getLong("probed_at"))))
                .list());
  }

  /** Features by version that its last run has passed, sorted. */
  static Map<String, List<String>> passedFeatures(Handle handle) {
    Map<String, List<String>> features = new TreeMap<>();
    handle
        .createQuery(
            "SELECT p.version, p.feature FROM model_probe p WHERE p.outcome = 'passed' AND p.run_id"
                + " = (SELECT q.run_id FROM model_probe q WHERE q.version = p.version ORDER BY"
                + " q.probed_at DESC, q.run_id DESC LIMIT 1) ORDER BY p.version, p.feature")
        .map((rs, c) -> Map.entry(rs.getString("version"), rs.getString("feature")))
        .forEach(
            e -> features.computeIfAbsent(e.getKey(), v -> new ArrayList<>()).add(e.getValue()));
    return features;
  }
}
