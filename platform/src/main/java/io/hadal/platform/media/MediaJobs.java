package io.hadal.platform.media;

import io.hadal.platform.db.Database;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.usage.Work;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Jobs at upstreams, in the database, so that they outlive the process that began them and every
 * gateway knows them.
 */
public final class MediaJobs {
  private static final String COLUMNS =
      "id, backend, upstream_id, work, seconds, upstream_cost_nano, owner, status, seen,"
          + " created_at";

  private final Database database;

  public MediaJobs(Database database) {
    this.database = database;
  }

  /** Remembers a job that has begun. */
  public void add(MediaJob job) {
    database.run(
        h ->
            h.createUpdate(
                    "INSERT INTO media_job ("
                        + COLUMNS
                        + ", project_id, looked_at) VALUES (:id, :backend, :upstream, :work,"
                        + " :seconds, :cost, :owner, :status, :seen, :created, :project, :created)"
                        + " ON CONFLICT DO NOTHING")
                .bind("id", job.id())
                .bind("backend", job.backend())
                .bind("upstream", job.upstreamId())
                .bind("work", json(job.work()))
                .bind("seconds", job.seconds())
                .bind("cost", job.upstreamCost())
                .bind("owner", job.owner())
                .bind("status", job.status())
                .bind("seen", job.seen())
                .bind("created", job.createdAt())
                .bind("project", job.work().identity().project())
                .execute());
  }

  /** Notes what the upstream says of a job; one that was deleted stays so. */
  public void saw(String id, String status, String seen, long now) {
    database.run(
        h ->
            h.createUpdate(
                    "UPDATE media_job SET status = :status, seen = :seen, looked_at = :now"
                        + " WHERE id = :id AND status <> 'deleted'")
                .bind("status", status)
                .bind("seen", seen)
                .bind("now", now)
                .bind("id", id)
                .execute());
  }

  /** A client has deleted a job. */
  public void delete(String id) {
    database.run(h -> h.execute("UPDATE media_job SET status = 'deleted' WHERE id = ?", id));
  }

  /** The cost of a job is booked. */
  public void settled(String id, long now) {
    database.run(
        h ->
            h.execute(
                "UPDATE media_job SET settled_at = ? WHERE id = ? AND settled_at IS NULL",
                now,
                id));
  }

  /** A process ends: others may book its jobs. */
  public void handOver(String owner) {
    database.run(
        h ->
            h.execute(
                "UPDATE media_job SET owner = '', looked_at = 0"
                    + " WHERE owner = ? AND settled_at IS NULL",
                owner));
  }

  /**
   * Jobs of a project, without those that were deleted.
   *
   * @param after id of the one behind which they begin, which may be deleted; null for the first
   * @param oldestFirst else the newest first
   */
  public List<MediaJob> list(
      String project, @Nullable String after, boolean oldestFirst, int limit) {
    String order = oldestFirst ? "ASC" : "DESC";
    String behind =
        " AND (created_at, id) "
            + (oldestFirst ? ">" : "<")
            + " (SELECT created_at, id FROM media_job WHERE id = :after"
            + " AND project_id = :project)";
    return database.read(
        h ->
            h.createQuery(
                    "SELECT "
                        + COLUMNS
                        + " FROM media_job WHERE project_id = :project AND status <> 'deleted'"
                        + (after == null ? "" : behind)
                        + " ORDER BY created_at "
                        + order
                        + ", id "
                        + order
                        + " LIMIT :limit")
                .bind("project", project)
                .bindMap(after == null ? Map.of() : Map.of("after", after))
                .bind("limit", limit)
                .map((rs, ctx) -> job(rs))
                .list());
  }

  /** Jobs whose cost is not booked. */
  public List<MediaJob> open(int limit) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT "
                        + COLUMNS
                        + " FROM media_job WHERE settled_at IS NULL ORDER BY looked_at LIMIT"
                        + " :limit")
                .bind("limit", limit)
                .map((rs, ctx) -> job(rs))
                .list());
  }

  /**
   * Takes it on to look at a job.
   *
   * @param before only if nobody has since then
   * @return true for one of several callers
   */
  public boolean take(String id, long before, long now) {
    return database.write(
            h ->
                h.execute(
                    "UPDATE media_job SET looked_at = ?"
                        + " WHERE id = ? AND settled_at IS NULL AND looked_at < ?",
                    now,
                    id,
                    before))
        == 1;
  }

  /** Forgets jobs that began before a moment. */
  public void prune(long before) {
    database.run(
        h ->
            h.execute(
                "DELETE FROM media_job WHERE created_at < ? AND settled_at IS NOT NULL", before));
  }

  private static MediaJob job(ResultSet rs) throws SQLException {
    long cost = rs.getLong(6);
    Long upstreamCost = rs.wasNull() ? null : cost;
    return new MediaJob(
        rs.getString(1),
        rs.getString(2),
        rs.getString(3),
        work(JsonMapper.shared().readTree(rs.getString(4))),
        rs.getLong(5),
        upstreamCost,
        rs.getString(7),
        rs.getString(8),
        rs.getString(9),
        rs.getLong(10));
  }

  private static String json(Work work) {
    Identity identity = work.identity();
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("org", identity.org())
        .put("team", identity.team())
        .put("project", identity.project())
        .put("key", identity.key())
        .put("principal", identity.principal())
        .put("request", work.requestId())
        .put("attempt", work.attempt())
        .put("dialect", work.dialect())
        .put("operation", work.operation())
        .put("alias", work.alias())
        .put("version", work.modelVersion())
        .put("backend", work.backend())
        .put("end_user", work.endUser())
        .put("session", work.session());
    ObjectNode tags = json.putObject("tags");
    work.tags().forEach(tags::put);
    return json.toString();
  }

  private static Work work(JsonNode json) {
    Map<String, String> tags = new LinkedHashMap<>();
    json.path("tags")
        .properties()
        .forEach(tag -> tags.put(tag.getKey(), tag.getValue().asString()));
    return new Work(
        new Identity(
            json.path("org").asString(""),
            json.path("team").asString(""),
            json.path("project").asString(""),
            json.path("key").asString(""),
            text(json, "principal"),
            Set.of(),
            List.of(),
            ProjectPolicy.DEFAULT),
        json.path("request").asString(""),
        json.path("attempt").asInt(1),
        json.path("dialect").asString(""),
        json.path("operation").asString(""),
        json.path("alias").asString(""),
        json.path("version").asString(""),
        json.path("backend").asString(""),
        0,
        0,
        text(json, "end_user"),
        text(json, "session"),
        tags,
        null);
  }

  private static @Nullable String text(JsonNode json, String name) {
    JsonNode value = json.get(name);
    return value == null || value.isNull() ? null : value.asString();
  }
}
