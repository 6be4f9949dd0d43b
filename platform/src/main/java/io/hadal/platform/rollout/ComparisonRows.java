package io.hadal.platform.rollout;

import io.hadal.platform.rollout.Comparison.Side;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Map.Entry;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Update;

/** Sums of comparisons in their table. */
final class ComparisonRows {
  private ComparisonRows() {}

  private static Map<String, Long> columns(Comparison c) {
    Map<String, Long> columns = new LinkedHashMap<>();
    columns.put("compared", c.compared());
    columns.put("same_text", c.sameText());
    columns.put("same_finish", c.sameFinish());
    columns.put("same_calls", c.sameCalls());
    columns.put("dropped", c.dropped());
    side(columns, "baseline_", c.baseline());
    side(columns, "candidate_", c.candidate());
    return columns;
  }

  private static void side(Map<String, Long> columns, String of, Side s) {
    columns.put(of + "failed", s.failed());
    columns.put(of + "tokens", s.tokens());
    columns.put(of + "millis", s.millis());
    columns.put(of + "characters", s.characters());
    columns.put(of + "calls", s.calls());
    columns.put(of + "good_calls", s.goodCalls());
    columns.put(of + "schemas", s.schemas());
    columns.put(of + "good_schemas", s.goodSchemas());
  }

  /** Adds to the sums of a rollout. */
  static void add(Handle h, String rollout, Comparison pair) {
    Map<String, Long> columns = columns(pair);
    String names = String.join(", ", columns.keySet());
    String values = columns.keySet().stream().map(n -> ":" + n).collect(Collectors.joining(", "));
    String sums =
        columns.keySet().stream()
            .map(n -> n + " = rollout_comparison." + n + " + excluded." + n)
            .collect(Collectors.joining(", "));
    Update update =
        h.createUpdate(
            "INSERT INTO rollout_comparison (rollout_id, "
                + names
                + ") VALUES (:id, "
                + values
                + ") ON CONFLICT (rollout_id) DO UPDATE SET "
                + sums);
    update.bind("id", rollout);
    for (Entry<String, Long> column : columns.entrySet()) {
      update.bind(column.getKey(), column.getValue());
    }
    update.execute();
  }

  static Comparison read(ResultSet rs) throws SQLException {
    return new Comparison(
        rs.getLong("compared"),
        rs.getLong("same_text"),
        rs.getLong("same_finish"),
        rs.getLong("same_calls"),
        rs.getLong("dropped"),
        side(rs, "baseline_"),
        side(rs, "candidate_"));
  }

  private static Side side(ResultSet rs, String of) throws SQLException {
    return new Side(
        rs.getLong(of + "failed"),
        rs.getLong(of + "tokens"),
        rs.getLong(of + "millis"),
        rs.getLong(of + "characters"),
        rs.getLong(of + "calls"),
        rs.getLong(of + "good_calls"),
        rs.getLong(of + "schemas"),
        rs.getLong(of + "good_schemas"));
  }
}
