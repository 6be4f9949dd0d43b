package io.hadal.platform.reports;

import io.hadal.platform.ledger.EventRow;
import io.hadal.platform.money.Usd;
import io.hadal.platform.usage.Quantities;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The columns of an attempt in exports, in an order that stays: new ones come last, with another
 * {@link #SCHEMA_VERSION}.
 */
public final class EventColumns {
  /** Version of the columns. */
  public static final int SCHEMA_VERSION = 2;

  private record Column(String name, Function<EventRow, @Nullable Object> value) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("schema_version", e -> SCHEMA_VERSION),
          new Column("cursor", EventRow::seq),
          new Column("request_id", EventRow::requestId),
          new Column("attempt", EventRow::attempt),
          new Column("started_at", e -> time(e.start())),
          new Column("first_token_at", e -> e.firstToken() == 0 ? null : time(e.firstToken())),
          new Column("ended_at", e -> time(e.end())),
          new Column("org", EventRow::org),
          new Column("team", EventRow::team),
          new Column("project", EventRow::project),
          new Column("key", EventRow::key),
          new Column("principal", EventRow::principal),
          new Column("end_user", EventRow::endUser),
          new Column("session", EventRow::session),
          new Column("tags", EventRow::tags),
          new Column("dialect", EventRow::dialect),
          new Column("operation", EventRow::operation),
          new Column("alias", EventRow::alias),
          new Column("version", EventRow::modelVersion),
          new Column("backend", EventRow::backend),
          new Column("upstream_request_id", EventRow::upstreamRequestId),
          new Column("outcome", EventRow::outcome),
          new Column("status", EventRow::status),
          new Column("input_uncached", e -> quantities(e).inputUncached()),
          new Column("cache_read", e -> quantities(e).cacheRead()),
          new Column("cache_write", e -> quantities(e).cacheWrite()),
          new Column("output_text", e -> quantities(e).outputText()),
          new Column("output_reasoning", e -> quantities(e).outputReasoning()),
          new Column("images", e -> quantities(e).images()),
          new Column("seconds", e -> quantities(e).seconds()),
          new Column("estimated", EventRow::estimated),
          new Column("price_book_id", EventRow::priceBook),
          new Column("cost_nano", EventRow::cost),
          new Column("cost_usd", e -> Usd.text(e.cost())),
          new Column("upstream_cost_nano", EventRow::upstreamCost),
          new Column("saved_nano", EventRow::saved),
          new Column("first_token_ms", EventRow::firstTokenMillis),
          new Column("queue_ms", EventRow::queueMillis),
          new Column("token_us", EventRow::tokenMicros),
          new Column("class", EventRow::priority));

  private EventColumns() {}

  private static Quantities quantities(EventRow event) {
    return event.quantities();
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  static List<String> names() {
    return COLUMNS.stream().map(Column::name).toList();
  }

  static List<String> texts(EventRow event) {
    return COLUMNS.stream().map(column -> text(column.value().apply(event))).toList();
  }

  private static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "";
      case String text -> CsvWriter.text(text);
      default -> value.toString();
    };
  }

  /** The attempt as a JSON object. */
  public static ObjectNode json(EventRow event) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    for (Column column : COLUMNS) {
      switch (column.value().apply(event)) {
        case null -> node.putNull(column.name());
        case Integer number -> node.put(column.name(), number);
        case Long number -> node.put(column.name(), number);
        case Boolean flag -> node.put(column.name(), flag);
        case Object other -> node.put(column.name(), other.toString());
      }
    }
    ObjectNode tags = node.putObject("tags");
    event.tagMap().forEach(tags::put);
    return node;
  }
}
