package io.hadal.platform.alert;

import io.hadal.platform.Ids;
import io.hadal.platform.alert.AlertDelivery.State;
import io.hadal.platform.db.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Alerts on their way, in the database. */
final class AlertStore {
  private final Database database;

  AlertStore(Database database) {
    this.database = database;
  }

  Database database() {
    return database;
  }

  /** Alerts of a channel on their way. */
  static long waiting(Handle h, String channel) {
    return h.createQuery(
            "SELECT count(*) FROM alert_delivery WHERE state = 'waiting' AND channel = :channel")
        .bind("channel", channel)
        .mapTo(Long.class)
        .one();
  }

  /** Adds an alert for a recipient, once. */
  static void add(Handle h, Alert alert, String channel, String recipient, long now) {
    h.createUpdate(
            "INSERT INTO alert_delivery (id, alert_id, rule, channel, recipient, subject, body,"
                + " payload, state, attempts, created_at, next_at) VALUES (:id, :alert, :rule,"
                + " :channel, :recipient, :subject, :body, :payload, 'waiting', 0, :now, :now)"
                + " ON CONFLICT DO NOTHING")
        .bind("id", Ids.next("dlv_"))
        .bind("alert", alert.id())
        .bind("rule", alert.rule().text())
        .bind("channel", channel)
        .bind("recipient", recipient)
        .bind("subject", alert.subject())
        .bind("body", alert.text())
        .bind("payload", alert.json().toString())
        .bind("now", now)
        .execute();
  }

  /** Whether something has not been told before. */
  static boolean first(Handle h, AlertRule rule, String subject, long now) {
    return h.execute(
            "INSERT INTO alert_told (rule, subject, told_at) VALUES (?, ?, ?)"
                + " ON CONFLICT DO NOTHING",
            rule.text(),
            subject,
            now)
        == 1;
  }

  void forget(AlertRule rule, String subject) {
    database.run(
        h ->
            h.execute(
                "DELETE FROM alert_told WHERE rule = ? AND subject = ?", rule.text(), subject));
  }

  long waiting(String channel) {
    return database.read(h -> waiting(h, channel));
  }

  /** What is to be tried now, the oldest first. */
  List<AlertDelivery> due(String channel, long now, int most) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT * FROM alert_delivery WHERE state = 'waiting' AND channel = :channel"
                        + " AND next_at <= :now ORDER BY next_at, id LIMIT :most")
                .bind("channel", channel)
                .bind("now", now)
                .bind("most", most)
                .map((rs, ctx) -> delivery(rs))
                .list());
  }

  /**
   * Takes one, so that no other node tries it meanwhile.
   *
   * @param until when others may try it after all
   * @return false when another one was faster
   */
  boolean take(AlertDelivery delivery, long until) {
    return database.<Integer>write(
            h ->
                h.createUpdate(
                        "UPDATE alert_delivery SET next_at = :until, attempts = attempts + 1"
                            + " WHERE id = :id AND state = 'waiting' AND next_at = :seen")
                    .bind("until", until)
                    .bind("id", delivery.id())
                    .bind("seen", delivery.nextAt())
                    .execute())
        == 1;
  }

  /** Lets one be tried again. */
  void again(String id, String problem, long at) {
    database.run(
        h ->
            h.execute(
                "UPDATE alert_delivery SET next_at = ?, problem = ? WHERE id = ?",
                at,
                problem,
                id));
  }

  /** Ends one. */
  void end(String id, State state, @Nullable String problem, long now) {
    database.run(
        h ->
            h.createUpdate(
                    "UPDATE alert_delivery SET state = :state, problem = :problem, ended_at = :now"
                        + " WHERE id = :id")
                .bind("state", state.text())
                .bind("problem", problem)
                .bind("now", now)
                .bind("id", id)
                .execute());
  }

  /**
   * Alerts, the newest first.
   *
   * @param state only those; null for all
   * @param after id; only those behind it; null for all
   */
  List<AlertDelivery> list(@Nullable State state, @Nullable String after, int most) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT * FROM alert_delivery WHERE (CAST(:state AS TEXT) IS NULL OR state ="
                        + " :state) AND (CAST(:after AS TEXT) IS NULL OR (created_at, id) <"
                        + " (SELECT created_at, id FROM alert_delivery WHERE id = :after))"
                        + " ORDER BY created_at DESC, id DESC LIMIT :most")
                .bind("state", state == null ? null : state.text())
                .bind("after", after)
                .bind("most", most)
                .map((rs, ctx) -> delivery(rs))
                .list());
  }

  /** Forgets what was added before a moment. */
  void prune(long before) {
    database.run(h -> h.execute("DELETE FROM alert_delivery WHERE created_at < ?", before));
  }

  private static AlertDelivery delivery(ResultSet rs) throws SQLException {
    long ended = rs.getLong("ended_at");
    Long endedAt = rs.wasNull() ? null : ended;
    return new AlertDelivery(
        rs.getString("id"),
        rs.getString("alert_id"),
        rs.getString("rule"),
        rs.getString("channel"),
        rs.getString("recipient"),
        rs.getString("subject"),
        rs.getString("body"),
        rs.getString("payload"),
        State.valueOf(rs.getString("state").toUpperCase(Locale.ROOT)),
        rs.getInt("attempts"),
        rs.getString("problem"),
        rs.getLong("created_at"),
        rs.getLong("next_at"),
        endedAt);
  }
}
