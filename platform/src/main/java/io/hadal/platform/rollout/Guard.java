package io.hadal.platform.rollout;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * What a candidate may not do worse.
 *
 * @param minimum answers of the candidate before it can be judged, 1 to 400
 * @param tolerance for rates what is added to the baseline's, 0 to 1; for times the factor on the
 *     baseline's 95th percentile, 1 to 100
 * @param alpha chance to judge a candidate wrongly that is just as good as tolerated, between 0 and
 *     0.5
 */
public record Guard(Metric metric, int minimum, double tolerance, double alpha) {
  private static final int MOST = 16;
  private static final Set<String> FIELDS = Set.of("metric", "minimum", "tolerance", "alpha");

  /** What is watched. */
  public enum Metric {
    ERROR_RATE,
    TOOL_PARSE_FAILURES,
    SCHEMA_FAILURES,
    REFUSAL_RATE,
    TTFT_P95,
    TPOT_P95;

    /** The name in JSON and messages. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    boolean isTime() {
      return this == TTFT_P95 || this == TPOT_P95;
    }

    static Metric of(String text) {
      for (Metric metric : values()) {
        if (metric.text().equals(text)) {
          return metric;
        }
      }
      throw new FormatException(
          "guards.metric",
          "must be one of "
              + Stream.of(values()).map(Metric::text).collect(Collectors.joining(", "))
              + ", not '"
              + text
              + "'");
    }
  }

  /** What holds when nothing is said. */
  public static final List<Guard> DEFAULTS =
      List.of(
          new Guard(Metric.ERROR_RATE, 10, 0.03, 0.001),
          new Guard(Metric.TOOL_PARSE_FAILURES, 10, 0.05, 0.001),
          new Guard(Metric.SCHEMA_FAILURES, 10, 0.02, 0.001),
          new Guard(Metric.REFUSAL_RATE, 20, 0.10, 0.001),
          new Guard(Metric.TTFT_P95, 30, 1.5, 0.001),
          new Guard(Metric.TPOT_P95, 30, 1.5, 0.001));

  public Guard {
    String source = "guards." + metric.text();
    if (minimum < 1 || minimum > Window.SIZE * 4 / 5) {
      throw new FormatException(source, "minimum must be from 1 to " + Window.SIZE * 4 / 5);
    }
    if (metric.isTime()
        ? !(tolerance >= 1 && tolerance <= 100)
        : !(tolerance >= 0 && tolerance < 1)) {
      throw new FormatException(
          source,
          metric.isTime()
              ? "tolerance is a factor from 1 to 100"
              : "tolerance is added to a rate: from 0 to below 1");
    }
    if (!(alpha > 0 && alpha < 0.5)) {
      throw new FormatException(source, "alpha must be between 0 and 0.5");
    }
  }

  private static Guard standard(Metric metric) {
    return DEFAULTS.stream().filter(g -> g.metric == metric).findFirst().orElseThrow();
  }

  /**
   * Guards from JSON: {@code [{"metric": "error_rate", "minimum": 10, "tolerance": 0.03}]}. What an
   * entry leaves out is that of {@link #DEFAULTS}.
   *
   * @throws FormatException when a field has no meaning
   */
  public static List<Guard> read(JsonNode json) {
    if (!json.isArray() || json.size() > MOST) {
      throw new FormatException("guards", "must be a list of at most " + MOST);
    }
    Set<Metric> seen = EnumSet.noneOf(Metric.class);
    List<Guard> guards = new ArrayList<>();
    for (JsonNode entry : json) {
      for (String field : entry.propertyNames()) {
        if (!FIELDS.contains(field)) {
          throw new FormatException(
              "guards", "have metric, minimum, tolerance and alpha, nothing else");
        }
      }
      Metric metric = Metric.of(entry.path("metric").asString(""));
      if (!seen.add(metric)) {
        throw new FormatException("guards", "has " + metric.text() + " twice");
      }
      Guard standard = standard(metric);
      guards.add(
          new Guard(
              metric,
              (int) number(entry, "minimum", standard.minimum),
              number(entry, "tolerance", standard.tolerance),
              number(entry, "alpha", standard.alpha)));
    }
    return guards;
  }

  static List<Guard> read(String json) {
    return read(Json.parse(json.getBytes(StandardCharsets.UTF_8), "guards"));
  }

  private static double number(JsonNode entry, String field, double fallback) {
    JsonNode value = entry.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return fallback;
    }
    if (!value.isNumber()) {
      throw new FormatException("guards." + field, "must be a number");
    }
    return value.doubleValue();
  }

  /** Guards as JSON. */
  public static ArrayNode write(List<Guard> guards) {
    ArrayNode list = JsonMapper.shared().createArrayNode();
    for (Guard guard : guards) {
      list.addObject()
          .put("metric", guard.metric.text())
          .put("minimum", guard.minimum)
          .put("tolerance", guard.tolerance)
          .put("alpha", guard.alpha);
    }
    return list;
  }
}
