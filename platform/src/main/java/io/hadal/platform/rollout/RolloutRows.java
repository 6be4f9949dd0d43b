package io.hadal.platform.rollout;

import io.hadal.platform.registry.Split.Stickiness;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Rows of rollouts as values. */
final class RolloutRows {
  private RolloutRows() {}

  static Rollout rollout(ResultSet rs) throws SQLException {
    return new Rollout(
        rs.getString("id"),
        rs.getString("org_id"),
        rs.getString("alias"),
        rs.getString("baseline"),
        rs.getString("candidate"),
        Rollout.Mode.valueOf(rs.getString("mode").toUpperCase(Locale.ROOT)),
        rs.getInt("percent"),
        Stickiness.of(rs.getString("stickiness")),
        Guard.read(rs.getString("guards")),
        Rollout.State.valueOf(rs.getString("state").toUpperCase(Locale.ROOT)),
        Instant.ofEpochMilli(rs.getLong("created_at")),
        rs.getString("created_by"),
        instant(rs, "started_at"),
        instant(rs, "ended_at"));
  }

  private static @Nullable Instant instant(ResultSet rs, String column) throws SQLException {
    long millis = rs.getLong(column);
    return rs.wasNull() ? null : Instant.ofEpochMilli(millis);
  }

  static RolloutEvent event(ResultSet rs) throws SQLException {
    return new RolloutEvent(
        rs.getString("rollout_id"),
        rs.getString("alias"),
        rs.getString("kind"),
        rs.getString("actor"),
        rs.getString("detail"),
        Instant.ofEpochMilli(rs.getLong("at")));
  }
}
