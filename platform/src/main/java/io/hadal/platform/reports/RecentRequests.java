package io.hadal.platform.reports;

import io.hadal.platform.db.Database;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How large the requests were that this platform's own engines answered lately. */
public final class RecentRequests {
  private final Database database;

  public RecentRequests(Database database) {
    this.database = database;
  }

  /**
   * A request.
   *
   * @param prompt tokens of its prompt, cached ones too
   * @param cached those that were cached
   * @param output tokens of its answer
   * @param priority class in which it was scheduled; null when nobody recorded it
   */
  public record Request(
      String project,
      Instant at,
      long prompt,
      long cached,
      long output,
      @Nullable String priority) {}

  /**
   * The newest requests that have ended since a moment, newest first. Embeddings, which have no
   * answer and wait in no class, are left out.
   *
   * @param backend who answered
   * @param most how many at most
   */
  public List<Request> since(String backend, Instant from, int most) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT project_id, start_at, input_uncached + cache_read + cache_write,"
                        + " cache_read, output_text + output_reasoning, priority_class FROM"
                        + " usage_event WHERE end_at >= :from AND backend = :backend AND"
                        + " input_uncached + cache_read + cache_write > 0 AND operation <>"
                        + " 'embedding' ORDER BY end_at DESC LIMIT :most")
                .bind("from", from.toEpochMilli())
                .bind("backend", backend)
                .bind("most", most)
                .map(
                    (rs, ctx) ->
                        new Request(
                            rs.getString(1),
                            Instant.ofEpochMilli(rs.getLong(2)),
                            rs.getLong(3),
                            rs.getLong(4),
                            rs.getLong(5),
                            rs.getString(6)))
                .list());
  }
}
