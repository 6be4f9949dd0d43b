package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.platform.money.Usd;
import io.hadal.platform.reports.Dimension;
import io.hadal.platform.reports.Measures;
import io.hadal.platform.reports.UsageFilter;
import io.hadal.platform.reports.UsageScope;
import io.hadal.platform.usage.Quantities;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Parameters of questions about usage, and measures in answers. */
final class UsageParameters {
  private static final int LIMIT = 50;
  private static final int MOST = 500;

  /** Parameters of reports that are no dimensions. */
  private static final Set<String> OTHERS =
      Set.of("from", "to", "by", "split", "limit", "after", "interval", "format");

  private UsageParameters() {}

  /** Does something with a call's input; what is wrong with that goes to the client. */
  static <T> T checked(Supplier<T> work) {
    try {
      return work.get();
    } catch (FormatException e) {
      throw Problem.inexpressible(String.valueOf(e.getMessage()));
    }
  }

  /** Which usage a call is about: {@code from}, {@code to} and any dimension. */
  static UsageFilter filter(AdminCall call, UsageScope scope, long from, long to) {
    Map<Dimension, String> values = new LinkedHashMap<>();
    call.query()
        .forEach(
            (name, value) -> {
              if (Dimension.names().contains(name) || name.startsWith("tag:")) {
                values.put(checked(() -> Dimension.of(name)), value);
              } else if (!OTHERS.contains(name)) {
                // With a slip in a filter, its sums would be those of more than was asked for.
                throw Problem.invalid(
                    name.matches("[A-Za-z0-9_.-]{1,40}") ? name : "query",
                    "is unknown; there are "
                        + String.join(", ", OTHERS.stream().sorted().toList())
                        + ", and all dimensions");
              }
            });
    long begin = time(call, "from", from);
    long end = time(call, "to", to);
    if (end <= begin) {
      throw Problem.invalid("to", "must be later than from");
    }
    return checked(() -> new UsageFilter(begin, end, scope, values));
  }

  /** A time or day of the query, in milliseconds since 1970. */
  static long time(AdminCall call, String name, long fallback) {
    return time(call.query(name), name, fallback);
  }

  static long time(@Nullable String text, String name, long fallback) {
    if (text == null || text.isEmpty()) {
      return fallback;
    }
    try {
      return text.length() == 10
          ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli()
          : Instant.parse(text).toEpochMilli();
    } catch (DateTimeParseException | ArithmeticException e) {
      throw Problem.invalid(name, "must be a time such as 2026-11-29T13:00:00Z or 2026-11-29");
    }
  }

  /** Dimensions of the query, separated by commas. */
  static List<Dimension> dimensions(AdminCall call, String name) {
    List<Dimension> list = new ArrayList<>();
    String text = call.query(name);
    if (text != null && !text.isEmpty()) {
      for (String one : text.split(",", -1)) {
        list.add(checked(() -> Dimension.of(one.strip())));
      }
    }
    return list;
  }

  /** The length of a page. */
  static int limit(AdminCall call) {
    return limit(call, LIMIT, MOST);
  }

  static int limit(AdminCall call, int fallback, int most) {
    long limit = number(call, "limit", fallback);
    if (limit < 1 || limit > most) {
      throw Problem.invalid("limit", "must be from 1 to " + most);
    }
    return (int) limit;
  }

  /** The cursor behind which a page begins. */
  static long after(AdminCall call, long fallback) {
    return number(call, "after", fallback);
  }

  private static long number(AdminCall call, String name, long fallback) {
    String text = call.query(name);
    if (text == null || text.isEmpty()) {
      return fallback;
    }
    if (!text.matches("[0-9]{1,18}")) {
      throw Problem.invalid(name, "must be a whole number");
    }
    return Long.parseLong(text);
  }

  /**
   * Adds measures to an object of the answer.
   *
   * @param costs whether the reader may know what upstreams bill
   */
  static ObjectNode put(ObjectNode node, Measures m, boolean costs) {
    Quantities q = m.quantities();
    return node.put("requests", m.requests())
        .put("attempts", m.attempts())
        .put("errors", m.errors())
        .put("error_rate", m.errorRate())
        .put("input_uncached", q.inputUncached())
        .put("cache_read", q.cacheRead())
        .put("cache_write", q.cacheWrite())
        .put("output_text", q.outputText())
        .put("output_reasoning", q.outputReasoning())
        .put("images", q.images())
        .put("seconds", q.seconds())
        .put("cache_hit_ratio", m.cacheHitRatio())
        .put("cost_nano", m.cost())
        .put("cost_usd", Usd.text(m.cost()))
        .put("upstream_cost_nano", costs ? (Long) m.upstreamCost() : null)
        .put("upstream_cost_usd", costs ? Usd.text(m.upstreamCost()) : null)
        .put("margin_nano", costs ? (Long) m.margin() : null)
        .put("margin_usd", costs ? Usd.text(m.margin()) : null)
        .put("saved_nano", m.saved())
        .put("saved_usd", Usd.text(m.saved()))
        .put("first_token_ms_p50", m.firstTokenP50())
        .put("first_token_ms_p95", m.firstTokenP95())
        .put("token_us_p50", m.tokenP50())
        .put("token_us_p95", m.tokenP95());
  }

  /** A time of an answer. */
  static String text(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }
}
