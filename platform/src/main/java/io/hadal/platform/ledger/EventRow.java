package io.hadal.platform.ledger;

import io.hadal.formats.Json;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A row of {@code usage_event}: an attempt at a request.
 *
 * @param seq number in the order in which the database got it
 * @param start milliseconds since 1970
 * @param firstToken 0 for never
 * @param tags JSON object, by name
 * @param outcome name of an {@link Outcome}
 * @param saved nano-USD that cache reads were cheaper than input
 * @param priority class in which it was scheduled; null where none was, or before it was recorded
 */
public record EventRow(
    long seq,
    String requestId,
    int attempt,
    long start,
    long firstToken,
    long end,
    String org,
    String team,
    String project,
    String key,
    @Nullable String principal,
    @Nullable String endUser,
    @Nullable String session,
    String tags,
    String dialect,
    String operation,
    String alias,
    String modelVersion,
    String backend,
    @Nullable String upstreamRequestId,
    String outcome,
    int status,
    Quantities quantities,
    boolean estimated,
    long priceBook,
    long cost,
    @Nullable Long upstreamCost,
    long saved,
    @Nullable String holdId,
    long held,
    long queueMillis,
    long tokenMicros,
    @Nullable String priority) {

  /** Columns in the order of {@link #values}. */
  public static final String COLUMNS =
      "seq, request_id, attempt, start_at, first_token_at, end_at, org_id, team_id, project_id,"
          + " key_id, principal_id, end_user, session, tags, dialect, operation, alias,"
          + " model_version, backend, upstream_request_id, outcome, status, input_uncached,"
          + " cache_read, cache_write, output_text, output_reasoning, images, seconds, estimated,"
          + " price_book_id, cost_nano, upstream_cost_nano, saved_nano, hold_id, hold_nano,"
          + " queue_ms, token_us, priority_class";

  /** A row for an event, without a number. */
  static EventRow of(Settled settled, PriceSnapshot prices) {
    UsageEvent e = settled.event();
    Work work = e.work();
    return new EventRow(
        0,
        work.requestId(),
        work.attempt(),
        e.start(),
        e.firstToken(),
        e.end(),
        work.identity().org(),
        work.identity().team(),
        work.identity().project(),
        work.identity().key(),
        work.identity().principal(),
        work.endUser(),
        work.session(),
        text(work.tags()),
        work.dialect(),
        work.operation(),
        work.alias(),
        work.modelVersion(),
        work.backend(),
        e.upstreamRequestId(),
        e.outcome().name(),
        e.status(),
        e.quantities(),
        e.estimated(),
        e.priceBook(),
        e.cost(),
        e.upstreamCost(),
        e.cost() == 0 ? 0 : saved(e.quantities().cacheRead(), prices),
        e.holdId(),
        settled.held(),
        e.queueMillis(),
        e.tokenMicros(),
        work.priority());
  }

  private static long saved(long cacheRead, PriceSnapshot prices) {
    Quantities all = Quantities.tokens(cacheRead, 0, 0, 0, 0);
    Quantities read = Quantities.tokens(0, cacheRead, 0, 0, 0);
    return Math.max(0, prices.cost(all) - prices.cost(read));
  }

  private static String text(Map<String, String> tags) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    new TreeMap<>(tags).forEach(node::put);
    return node.toString();
  }

  /** Tags by name. */
  public Map<String, String> tagMap() {
    JsonNode node = Json.parse(tags.getBytes(StandardCharsets.UTF_8), "tags of " + requestId);
    Map<String, String> map = new TreeMap<>();
    for (String name : node.propertyNames()) {
      map.put(name, node.get(name).asString());
    }
    return map;
  }

  /** The time to the first token in milliseconds; 0 for none. */
  public long firstTokenMillis() {
    return firstToken == 0 ? 0 : Math.max(0, firstToken - start);
  }

  /** Whether it failed without the client's doing. */
  public boolean failed() {
    return switch (Outcome.valueOf(outcome)) {
      case ERROR, DRAINED, CRASHED, UPSTREAM_ERROR, UPSTREAM_CUT -> true;
      case COMPLETED, LENGTH, CLIENT_LEFT, CLIENT_LEFT_QUEUED, BUDGET_EXHAUSTED, SHADOW -> false;
    };
  }

  EventRow withSeq(long number) {
    return new EventRow(
        number,
        requestId,
        attempt,
        start,
        firstToken,
        end,
        org,
        team,
        project,
        key,
        principal,
        endUser,
        session,
        tags,
        dialect,
        operation,
        alias,
        modelVersion,
        backend,
        upstreamRequestId,
        outcome,
        status,
        quantities,
        estimated,
        priceBook,
        cost,
        upstreamCost,
        saved,
        holdId,
        held,
        queueMillis,
        tokenMicros,
        priority);
  }

  /** What the hash of the row covers: all but what points at a person, which may be erased. */
  List<@Nullable Object> hashed() {
    List<@Nullable Object> fields = values();
    fields.removeFirst();
    // The end user and the session, behind the principal.
    fields.remove(10);
    fields.remove(10);
    if (priority == null) {
      // Rows of versions without it keep their hashes.
      fields.removeLast();
    }
    return fields;
  }

  /** Values of {@link #COLUMNS}. */
  List<@Nullable Object> values() {
    List<@Nullable Object> list = new ArrayList<>();
    list.add(seq);
    list.add(requestId);
    list.add(attempt);
    list.add(start);
    list.add(firstToken);
    list.add(end);
    list.add(org);
    list.add(team);
    list.add(project);
    list.add(key);
    list.add(principal);
    list.add(endUser);
    list.add(session);
    list.add(tags);
    list.add(dialect);
    list.add(operation);
    list.add(alias);
    list.add(modelVersion);
    list.add(backend);
    list.add(upstreamRequestId);
    list.add(outcome);
    list.add(status);
    list.add(quantities.inputUncached());
    list.add(quantities.cacheRead());
    list.add(quantities.cacheWrite());
    list.add(quantities.outputText());
    list.add(quantities.outputReasoning());
    list.add(quantities.images());
    list.add(quantities.seconds());
    list.add(estimated ? 1 : 0);
    list.add(priceBook);
    list.add(cost);
    list.add(upstreamCost);
    list.add(saved);
    list.add(holdId);
    list.add(held);
    list.add(queueMillis);
    list.add(tokenMicros);
    list.add(priority);
    return list;
  }

  /** Reads a row of {@link #COLUMNS}. */
  public static EventRow read(ResultSet rs) throws SQLException {
    long upstream = rs.getLong("upstream_cost_nano");
    Long upstreamCost = rs.wasNull() ? null : upstream;
    return new EventRow(
        rs.getLong("seq"),
        rs.getString("request_id"),
        rs.getInt("attempt"),
        rs.getLong("start_at"),
        rs.getLong("first_token_at"),
        rs.getLong("end_at"),
        rs.getString("org_id"),
        rs.getString("team_id"),
        rs.getString("project_id"),
        rs.getString("key_id"),
        rs.getString("principal_id"),
        rs.getString("end_user"),
        rs.getString("session"),
        rs.getString("tags"),
        rs.getString("dialect"),
        rs.getString("operation"),
        rs.getString("alias"),
        rs.getString("model_version"),
        rs.getString("backend"),
        rs.getString("upstream_request_id"),
        rs.getString("outcome"),
        rs.getInt("status"),
        new Quantities(
            rs.getLong("input_uncached"),
            rs.getLong("cache_read"),
            rs.getLong("cache_write"),
            rs.getLong("output_text"),
            rs.getLong("output_reasoning"),
            rs.getLong("images"),
            rs.getLong("seconds")),
        rs.getInt("estimated") != 0,
        rs.getLong("price_book_id"),
        rs.getLong("cost_nano"),
        upstreamCost,
        rs.getLong("saved_nano"),
        rs.getString("hold_id"),
        rs.getLong("hold_nano"),
        rs.getLong("queue_ms"),
        rs.getLong("token_us"),
        rs.getString("priority_class"));
  }
}
