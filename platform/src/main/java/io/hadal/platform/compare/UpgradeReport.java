package io.hadal.platform.compare;

import io.hadal.platform.compare.UpgradeLine.Side;
import io.hadal.platform.money.Usd;
import io.hadal.platform.rollout.Observation.Check;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Two versions side by side.
 *
 * @param from the version in use
 * @param to the version that may follow
 * @param total requests of the set
 * @param lines those that were answered so far
 */
public record UpgradeReport(String from, String to, int total, List<UpgradeLine> lines) {
  /** Requests that differ, at most so many of which are named. */
  private static final int MOST_NAMED = 20;

  public UpgradeReport {
    lines = List.copyOf(lines);
  }

  /** A row: what it is about, and both sides in words. */
  private record Row(String what, String from, String to) {}

  private long count(Function<UpgradeLine, Side> side, Predicate<Side> what) {
    return lines.stream().map(side).filter(what).count();
  }

  private static @Nullable Long percentile(List<Side> sides, double part) {
    long[] times =
        sides.stream().filter(s -> !s.failed()).mapToLong(Side::millis).sorted().toArray();
    return times.length == 0 ? null : times[(int) Math.min(times.length - 1, times.length * part)];
  }

  private ObjectNode side(Function<UpgradeLine, Side> of) {
    List<Side> sides = lines.stream().map(of).toList();
    long answered = count(of, s -> !s.failed());
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("failed", count(of, Side::failed));
    json.put("refused", count(of, Side::refused));
    json.put("calls", count(of, s -> s.calls() != Check.NONE));
    json.put("valid_calls", count(of, s -> s.calls() == Check.GOOD));
    json.put("schemas", count(of, s -> s.schema() != Check.NONE));
    json.put("valid_schemas", count(of, s -> s.schema() == Check.GOOD));
    ObjectNode finish = json.putObject("finish");
    Map<String, Long> ends = new TreeMap<>();
    sides.stream()
        .map(Side::finish)
        .filter(Objects::nonNull)
        .forEach(f -> ends.merge(f, 1L, Long::sum));
    ends.forEach((name, n) -> finish.put(name, n.longValue()));
    json.put("mean_characters", mean(sides.stream().mapToLong(Side::characters).sum(), answered));
    json.put("input_tokens", sides.stream().mapToLong(Side::inputTokens).sum());
    json.put("output_tokens", sides.stream().mapToLong(Side::outputTokens).sum());
    json.put("millis_p50", percentile(sides, 0.5));
    json.put("millis_p95", percentile(sides, 0.95));
    boolean priced =
        answered > 0 && sides.stream().allMatch(s -> s.failed() || s.costNano() != null);
    Long cost =
        priced
            ? Long.valueOf(
                sides.stream()
                    .map(Side::costNano)
                    .filter(Objects::nonNull)
                    .mapToLong(Long::longValue)
                    .sum())
            : null;
    json.put("cost_nano", cost);
    json.put("cost_usd", cost == null ? null : Usd.text(cost));
    return json;
  }

  private static long mean(long sum, long count) {
    return count == 0 ? 0 : sum / count;
  }

  /** All figures. */
  public ObjectNode json() {
    ObjectNode json =
        JsonMapper.shared()
            .createObjectNode()
            .put("from", from)
            .put("to", to)
            .put("total", total)
            .put("done", lines.size());
    json.set("baseline", side(UpgradeLine::from));
    json.set("candidate", side(UpgradeLine::to));
    json.put("same_text", lines.stream().filter(UpgradeLine::sameText).count());
    json.put("same_finish", lines.stream().filter(UpgradeLine::sameFinish).count());
    json.put("same_calls", lines.stream().filter(UpgradeLine::sameCalls).count());
    ArrayNode worse = json.putArray("worse");
    worse().forEach(worse::add);
    return json;
  }

  /** Requests, by number, at which the candidate fails where the baseline does not. */
  private List<Integer> worse() {
    return lines.stream()
        .filter(
            l ->
                (l.to().failed() && !l.from().failed())
                    || bad(l.from().calls(), l.to().calls())
                    || bad(l.from().schema(), l.to().schema())
                    || (l.to().refused() && !l.from().refused()))
        .map(UpgradeLine::number)
        .sorted()
        .limit(MOST_NAMED)
        .toList();
  }

  private static boolean bad(Check from, Check to) {
    return to == Check.BAD && from != Check.BAD;
  }

  private List<Row> rows() {
    ObjectNode json = json();
    List<Row> rows = new ArrayList<>();
    String[][] names = {
      {"no answer", "failed"},
      {"declined", "refused"},
      {"valid tool calls", "valid_calls", "calls"},
      {"schemas followed", "valid_schemas", "schemas"},
      {"characters, mean", "mean_characters"},
      {"output tokens", "output_tokens"},
      {"time, median", "millis_p50"},
      {"time, 95 %", "millis_p95"},
      {"cost, USD", "cost_usd"}
    };
    for (String[] name : names) {
      rows.add(
          new Row(
              name[0],
              word((ObjectNode) json.path("baseline"), name),
              word((ObjectNode) json.path("candidate"), name)));
    }
    rows.add(
        new Row(
            "ends",
            json.path("baseline").path("finish").toString().replaceAll("[{}\"]", ""),
            json.path("candidate").path("finish").toString().replaceAll("[{}\"]", "")));
    return rows;
  }

  private static String word(ObjectNode side, String[] name) {
    String value = side.path(name[1]).isNull() ? "-" : side.path(name[1]).asString("");
    return name.length > 2
        ? value + " of " + side.path(name[2]).asString("")
        : name[1].startsWith("millis") && !value.equals("-") ? value + " ms" : value;
  }

  private String agreement() {
    ObjectNode json = json();
    return String.format(
        Locale.ROOT,
        "Of %d requests (%d in the set) the answers agree: text %s, calls %s, end %s.",
        lines.size(),
        total,
        json.path("same_text").asString(""),
        json.path("same_calls").asString(""),
        json.path("same_finish").asString(""));
  }

  private String worseText() {
    List<Integer> worse = worse();
    return worse.isEmpty()
        ? "The candidate is nowhere worse in form."
        : "The candidate is worse at the requests "
            + worse.toString().replaceAll("[\\[\\]]", "")
            + (worse.size() == MOST_NAMED ? ", …" : "")
            + ".";
  }

  /** A table for terminals. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%-20s %-32s %-32s%n", "", from, to));
    for (Row row : rows()) {
      text.append(String.format(Locale.ROOT, "%-20s %-32s %-32s%n", row.what, row.from, row.to));
    }
    return text + "\n" + agreement() + "\n" + worseText() + "\n";
  }

  /** A table in Markdown. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("| | ").append(from).append(" | ").append(to).append(" |\n|---|---|---|\n");
    for (Row row : rows()) {
      text.append("| ").append(row.what).append(" | ").append(row.from);
      text.append(" | ").append(row.to).append(" |\n");
    }
    return text + "\n" + agreement() + " " + worseText() + "\n";
  }
}
