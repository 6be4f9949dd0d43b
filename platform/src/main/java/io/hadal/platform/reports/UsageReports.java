package io.hadal.platform.reports;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.ledger.EventRow;
import io.hadal.platform.registry.Slo;
import io.hadal.platform.usage.Quantities;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/** Answers questions about usage, from the events themselves. */
public final class UsageReports {
  private static final String FAILED =
      "outcome IN ('ERROR', 'DRAINED', 'CRASHED', 'UPSTREAM_ERROR', 'UPSTREAM_CUT')";

  private final Database database;

  public UsageReports(Database database) {
    this.database = database;
  }

  /** Runs a query. */
  public UsageReport run(UsageQuery query) {
    return database.read(
        h -> {
          long until = completeUntil(h);
          List<UsageRow> rows =
              query.by().isEmpty() ? List.of() : rows(h, query.by(), query, query.limit() + 1);
          Measures total = rows(h, List.of(), query, 1).getFirst().measures();
          boolean more = rows.size() > query.limit();
          return new UsageReport(more ? rows.subList(0, query.limit()) : rows, total, more, until);
        });
  }

  private static long completeUntil(Handle h) {
    long until =
        h.createQuery("SELECT coalesce(min(complete_until), 0) FROM journal_mark")
            .mapTo(Long.class)
            .one();
    // Nodes that have ended in order have nothing to bring.
    return Math.min(until, System.currentTimeMillis());
  }

  private List<UsageRow> rows(Handle h, List<Dimension> by, UsageQuery query, int limit) {
    DatabaseKind kind = database.kind();
    UsageFilter.Condition condition = query.filter().condition(kind);
    StringBuilder columns = new StringBuilder();
    StringBuilder groups = new StringBuilder();
    for (int i = 0; i < by.size(); i++) {
      columns.append(by.get(i).sql(kind, "gtag" + i)).append(" AS d").append(i).append(", ");
      groups.append(i == 0 ? "" : ", ").append('d').append(i);
    }
    String sql =
        "WITH e AS (SELECT "
            + columns
            + "request_id, outcome, input_uncached, cache_read, cache_write, output_text,"
            + " output_reasoning, images, seconds, cost_nano, upstream_cost_nano, saved_nano,"
            + " CASE WHEN first_token_at > 0 THEN first_token_at - start_at END AS ttft,"
            + " CASE WHEN token_us > 0 THEN token_us END AS tpot FROM usage_event WHERE "
            + condition.sql()
            + ")"
            + (query.latencies() ? ranks(groups) : "")
            + " SELECT "
            + groups
            + (by.isEmpty() ? "" : ", ")
            + "count(*) AS attempts, count(DISTINCT request_id) AS requests, sum(CASE WHEN "
            + FAILED
            + " THEN 1 ELSE 0 END) AS errors, sum(input_uncached) AS input_uncached,"
            + " sum(cache_read) AS cache_read, sum(cache_write) AS cache_write,"
            + " sum(output_text) AS output_text, sum(output_reasoning) AS output_reasoning,"
            + " sum(images) AS images, sum(seconds) AS seconds, sum(cost_nano) AS cost,"
            + " sum(upstream_cost_nano) AS upstream, sum(saved_nano) AS saved, "
            + (query.latencies()
                ? rank("ttft", 50)
                    + ", "
                    + rank("ttft", 95)
                    + ", "
                    + rank("tpot", 50)
                    + ", "
                    + rank("tpot", 95)
                    + " FROM r"
                : "0 AS ttft50, 0 AS ttft95, 0 AS tpot50, 0 AS tpot95 FROM e")
            + (by.isEmpty()
                ? ""
                : " GROUP BY "
                    + groups
                    + " ORDER BY "
                    + (by.getFirst().time() ? groups : "cost DESC, attempts DESC, " + groups))
            + " LIMIT :limit";
    Query statement = condition.bind(h.createQuery(sql)).bind("limit", limit);
    for (int i = 0; i < by.size(); i++) {
      if (by.get(i).tag() != null) {
        statement.bind("gtag" + i, by.get(i).bound(kind));
      }
    }
    return statement.map((rs, ctx) -> row(rs, by)).list();
  }

  /** Each attempt with its rank in its group, and how many have one. */
  private static String ranks(StringBuilder groups) {
    String partition = groups.isEmpty() ? "" : "PARTITION BY " + groups;
    StringBuilder sql = new StringBuilder(", r AS (SELECT e.*");
    for (String measure : List.of("ttft", "tpot")) {
      sql.append(", row_number() OVER (")
          .append(partition)
          .append(" ORDER BY ")
          .append(measure)
          .append(" NULLS LAST) AS r")
          .append(measure)
          .append(", count(")
          .append(measure)
          .append(") OVER (")
          .append(partition)
          .append(") AS n")
          .append(measure);
    }
    return sql.append(" FROM e)").toString();
  }

  private static String rank(String measure, int percent) {
    return "max(CASE WHEN r%1$s = (n%1$s * %2$d + 99) / 100 THEN %1$s END) AS %1$s%2$d"
        .formatted(measure, percent);
  }

  private static UsageRow row(ResultSet rs, List<Dimension> by) throws SQLException {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < by.size(); i++) {
      values.add(by.get(i).shown(rs.getString("d" + i)));
    }
    Quantities quantities =
        new Quantities(
            rs.getLong("input_uncached"),
            rs.getLong("cache_read"),
            rs.getLong("cache_write"),
            rs.getLong("output_text"),
            rs.getLong("output_reasoning"),
            rs.getLong("images"),
            rs.getLong("seconds"));
    return new UsageRow(
        values,
        new Measures(
            rs.getLong("requests"),
            rs.getLong("attempts"),
            rs.getLong("errors"),
            quantities,
            rs.getLong("cost"),
            rs.getLong("upstream"),
            rs.getLong("saved"),
            rs.getLong("ttft50"),
            rs.getLong("ttft95"),
            rs.getLong("tpot50"),
            rs.getLong("tpot95")));
  }

  /**
   * Single attempts, newest first.
   *
   * @param before only those with a smaller number; {@link Long#MAX_VALUE} for the newest
   */
  public List<EventRow> search(UsageFilter filter, long before, int limit) {
    return database.read(
        h -> {
          UsageFilter.Condition condition = filter.condition(database.kind());
          return condition
              .bind(
                  h.createQuery(
                      "SELECT "
                          + EventRow.COLUMNS
                          + " FROM usage_event WHERE seq < :before AND "
                          + condition.sql()
                          + " ORDER BY seq DESC LIMIT :limit"))
              .bind("before", before)
              .bind("limit", limit)
              .map((rs, ctx) -> EventRow.read(rs))
              .list();
        });
  }

  /**
   * How often a version kept what it promises about its speed (platform.md 2.9).
   *
   * @param filter with the version among its values
   */
  public Attainment attainment(UsageFilter filter, Slo slo) {
    return database.read(
        h -> {
          UsageFilter.Condition condition = filter.condition(database.kind());
          return condition
              .bind(
                  h.createQuery(
                      "SELECT count(CASE WHEN first_token_at > 0 THEN 1 END), count(CASE WHEN"
                          + " first_token_at > 0 AND (first_token_at - start_at) * 1000 <= :first *"
                          + " 1000 + :per * (input_uncached + cache_write) THEN 1 END), count(CASE"
                          + " WHEN token_us > 0 THEN 1 END), count(CASE WHEN token_us > 0 AND"
                          + " token_us <= :token THEN 1 END) FROM usage_event WHERE "
                          + condition.sql()))
              .bind("first", slo.firstTokenMillis())
              .bind("per", slo.perThousandMillis())
              .bind("token", slo.tokenMicros())
              .map(
                  (rs, ctx) ->
                      new Attainment(rs.getLong(1), rs.getLong(2), rs.getLong(3), rs.getLong(4)))
              .one();
        });
  }

  /** The attempts at a request, in their order, as far as they may be seen. */
  public List<EventRow> attempts(String requestId, UsageScope scope) {
    return database.read(
        h -> {
          UsageFilter.Condition condition =
              new UsageFilter(0, Long.MAX_VALUE, scope, Map.of()).condition(database.kind());
          return condition
              .bind(
                  h.createQuery(
                      "SELECT "
                          + EventRow.COLUMNS
                          + " FROM usage_event WHERE request_id = :request AND "
                          + condition.sql()
                          + " ORDER BY attempt"))
              .bind("request", requestId)
              .map((rs, ctx) -> EventRow.read(rs))
              .list();
        });
  }
}
