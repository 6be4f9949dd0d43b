package io.hadal.platform.probe;

import io.hadal.platform.db.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Samples of the quality of backends, and which of them stand out. */
public final class QualityStore {
  private static final double MICRO = 1e6;

  /** Earlier samples that a new one is compared with. */
  private static final int EARLIER = 5;

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
                .map((rs, c) -> sample(rs))
                .list());
  }

  /** Samples of a version, the newest first. */
  public List<QualitySample> history(String version, int most) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT * FROM quality_sample WHERE version = :version ORDER BY sampled_at DESC,"
                        + " backend LIMIT :most")
                .bind("version", version)
                .bind("most", most)
                .map((rs, c) -> sample(rs))
                .list());
  }

  /** Versions that have samples, by id. */
  public List<String> versions() {
    return database.read(
        h ->
            h.createQuery("SELECT DISTINCT version FROM quality_sample ORDER BY version")
                .mapTo(String.class)
                .list());
  }

  private static QualitySample sample(ResultSet rs) throws SQLException {
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
  }

  /**
   * Backends of a version whose last sample is worse than the best one's or than their own earlier
   * ones, or far from the reference.
   */
  public List<QualityAlert> suspects(String version, QualityOptions options) {
    List<QualitySample> samples = last(version);
    double calls = samples.stream().mapToDouble(QualitySample::validShare).max().orElse(0);
    double answers = samples.stream().mapToDouble(QualitySample::exactShare).max().orElse(0);
    Map<String, List<QualitySample>> earlier =
        history(version, 64 * EARLIER).stream()
            .collect(Collectors.groupingBy(QualitySample::backend));
    List<QualityAlert> suspects = new ArrayList<>();
    for (QualitySample last : samples) {
      List<QualitySample> own = earlier.getOrDefault(last.backend(), List.of());
      List<QualitySample> before = own.stream().skip(1).limit(EARLIER).toList();
      String why = why(last, calls, answers, before, options);
      if (why != null) {
        suspects.add(new QualityAlert(version, last.backend(), why));
      }
    }
    return suspects;
  }

  private static @Nullable String why(
      QualitySample last,
      double calls,
      double answers,
      List<QualitySample> before,
      QualityOptions options) {
    double tolerance = options.tolerance();
    Double distance = last.logprobDistance();
    if (distance != null && distance > options.distance()) {
      return text("probabilities differ from the reference by %.3f", distance);
    }
    double usualCalls = Math.max(calls, median(before, QualitySample::validShare));
    if (last.validShare() < usualCalls - tolerance) {
      return text(
          "%.0f %% of calls are valid, elsewhere or before %.0f %%",
          100 * last.validShare(), 100 * usualCalls);
    }
    double usualAnswers = Math.max(answers, median(before, QualitySample::exactShare));
    if (last.exactShare() < usualAnswers - tolerance) {
      return text(
          "%.0f %% of answers are right, elsewhere or before %.0f %%",
          100 * last.exactShare(), 100 * usualAnswers);
    }
    return null;
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private static double median(List<QualitySample> samples, ToDoubleFunction<QualitySample> of) {
    double[] sorted = samples.stream().mapToDouble(of).sorted().toArray();
    return sorted.length == 0 ? 0 : sorted[(sorted.length - 1) / 2];
  }

  /**
   * Whether a job's time has come; of several nodes one hears yes.
   *
   * @param now milliseconds since 1970
   */
  public boolean due(String job, long now, Duration every) {
    return database.write(
        h ->
            h.createUpdate(
                        "INSERT INTO quality_job (name, next_at) VALUES (:job, :next) ON CONFLICT"
                            + " (name) DO UPDATE SET next_at = excluded.next_at WHERE"
                            + " quality_job.next_at <= :now")
                    .bind("job", job)
                    .bind("now", now)
                    .bind("next", now + every.toMillis())
                    .execute()
                == 1);
  }
}
