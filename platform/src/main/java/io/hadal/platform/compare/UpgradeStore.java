package io.hadal.platform.compare;

import io.hadal.formats.Json;
import io.hadal.platform.Ids;
import io.hadal.platform.db.Database;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** Upgrade reports with their figures. Requests and answers are never in here. */
public final class UpgradeStore {
  /** Where a report is. */
  public enum State {
    RUNNING,
    DONE,
    FAILED
  }

  /**
   * A report.
   *
   * @param project project whose requests they are; empty for none
   */
  public record Stored(
      String id,
      String project,
      State state,
      Instant createdAt,
      String createdBy,
      UpgradeReport report) {}

  private final Database database;
  private final Clock clock;

  public UpgradeStore(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Adds a report that begins; its id. */
  public String begin(String from, String to, String project, int total, String by) {
    String id = Ids.next("upg_");
    long now = clock.millis();
    database.run(
        h ->
            h.createUpdate(
                    "INSERT INTO upgrade_report VALUES (:id, :from, :to, :project, :total, 0,"
                        + " 'running', '[]', :now, :by, :now)")
                .bind("id", id)
                .bind("from", from)
                .bind("to", to)
                .bind("project", project)
                .bind("total", total)
                .bind("now", now)
                .bind("by", by)
                .execute());
    return id;
  }

  /** Writes down how far a report is. */
  public void progress(String id, List<UpgradeLine> lines, State state) {
    ArrayNode results = JsonMapper.shared().createArrayNode();
    lines.forEach(l -> results.add(l.json()));
    database.run(
        h ->
            h.createUpdate(
                    "UPDATE upgrade_report SET done = :done, state = :state, results = :results,"
                        + " updated_at = :now WHERE id = :id")
                .bind("done", lines.size())
                .bind("state", state.name().toLowerCase(Locale.ROOT))
                .bind("results", results.toString())
                .bind("now", clock.millis())
                .bind("id", id)
                .execute());
  }

  /** A report; empty when there is none of that id. */
  public Optional<Stored> find(String id) {
    return database.read(
        h ->
            h.createQuery("SELECT * FROM upgrade_report WHERE id = :id")
                .bind("id", id)
                .map((rs, c) -> stored(rs))
                .findOne());
  }

  /** The last reports, the newest first. */
  public List<Stored> list(int most) {
    return database.read(
        h ->
            h.createQuery("SELECT * FROM upgrade_report ORDER BY created_at DESC, id LIMIT :most")
                .bind("most", most)
                .map((rs, c) -> stored(rs))
                .list());
  }

  private static Stored stored(ResultSet rs) throws SQLException {
    String id = rs.getString("id");
    List<UpgradeLine> lines = new ArrayList<>();
    for (JsonNode line : Json.parse(rs.getString("results").getBytes(StandardCharsets.UTF_8), id)) {
      lines.add(UpgradeLine.read(line, id));
    }
    return new Stored(
        id,
        rs.getString("project_id"),
        State.valueOf(rs.getString("state").toUpperCase(Locale.ROOT)),
        Instant.ofEpochMilli(rs.getLong("created_at")),
        rs.getString("created_by"),
        new UpgradeReport(
            rs.getString("from_version"), rs.getString("to_version"), rs.getInt("total"), lines));
  }
}
