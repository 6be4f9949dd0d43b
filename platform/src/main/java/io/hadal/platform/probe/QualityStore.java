package io.hadal.platform.probe;

import io.hadal.platform.db.Database;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Samples of the quality of backends, and which of them stand out. */
public final class QualityStore {
  private static final double MICRO = 1e6;

  /** Right answers or valid calls that a backend may have fewer than the best one. */
  private static final int SLACK = 1;

  /** Distance of probabilities that mode and kernels explain; more comes from other weights. */
  private static final double FAR = 0.25;

  private final Database database;

  public QualityStore(Database database) {
    this.database = database;
  }

  /** Keeps a sample. */
  public void save(QualitySample s) {
    @Nullable Double distance = s.logprobDistance();
    database.run(
        h ->
            h.createUpdate(
                    "INSERT INTO quality_sample VALUES (:version, :backend, :at, :calls, :valid,"
                        + " :questions, :exact, :distance, :failures)")
                .bind("version", s.version())
                .bind("backend", s.backend())
                .bind("at", s.sampledAt().toEpochMilli())
                .bind("calls", s.calls())
                .bind("valid", s.validCalls())
                .bind("questions", s.questions())
                .bind("exact", s.exactAnswers())
                .bind(
                    "distance",
                    distance == null ? null : Long.valueOf(Math.round(distance * MICRO)))
                .bind("failures", s.failures())
                .execute());
  }

  /** The last sample of each backend of a version, by backend. */
  public List<QualitySample> last(String version) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT s.* FROM quality_sample s JOIN (SELECT backend, max(sampled_at) AS at"
                        + " FROM quality_sample WHERE version = :version GROUP BY backend) l ON"
                        + " s.backend = l.backend AND s.sampled_at = l.at WHERE s.version ="
                        + " :version ORDER BY s.backend")
                .bind("version", version)
                .map(
                    (rs, c) -> {
                      long micro = rs.getLong("logprob_distance_micro");
                      Double distance = rs.wasNull() ? null : Double.valueOf(micro / MICRO);
                      return new QualitySample(
                          rs.getString("version"),
                          rs.getString("backend"),
                          Instant.ofEpochMilli(rs.getLong("sampled_at")),
                          rs.getInt("calls"),
                          rs.getInt("valid_calls"),
                          rs.getInt("questions"),
                          rs.getInt("exact_answers"),
                          distance,
                          rs.getInt("failures"));
                    })
                .list());
  }

  /**
   * Backends of a version that are worse than the best one, or far from the reference, so that
   * routes may leave them out and people look.
   */
  public List<String> suspects(String version) {
    List<QualitySample> samples = last(version);
    int calls = samples.stream().mapToInt(QualitySample::validCalls).max().orElse(0);
    int answers = samples.stream().mapToInt(QualitySample::exactAnswers).max().orElse(0);
    return samples.stream()
        .filter(
            s -> {
              Double distance = s.logprobDistance();
              return s.validCalls() < calls - SLACK
                  || s.exactAnswers() < answers - SLACK
                  || (distance != null && distance > FAR);
            })
        .map(QualitySample::backend)
        .toList();
  }
}
