package io.hadal.platform.reports;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.money.Usd;
import java.io.IOException;
import java.io.Reader;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Compares an upstream's usage file with the events of its backend: by the upstream's request id
 * where the file has one, else by hour and model. Columns are found by their names: {@code
 * request_id} (or {@code id}, {@code upstream_request_id}), {@code time} ({@code timestamp}, {@code
 * date}, {@code created_at}), {@code model}, {@code input_tokens} ({@code prompt_tokens}), {@code
 * output_tokens} ({@code completion_tokens}), {@code cost} ({@code cost_usd}, {@code amount}).
 */
public final class Reconciliation {
  private static final int BATCH = 500;

  /** Ids that are remembered; files are split beyond that. */
  private static final int MOST_IDS = 2_000_000;

  private static final long HOUR = 3_600_000;

  private final Database database;

  public Reconciliation(Database database) {
    this.database = database;
  }

  /**
   * What was compared.
   *
   * @param lines lines of the file
   * @param matched lines with the same numbers as an event
   * @param differences differences that were reported
   */
  public record Summary(long lines, long matched, long differences) {}

  /** A line of the file. A count or cost below zero is not in the file. */
  private record Line(String id, long time, String model, long input, long output, long cost) {}

  /** An event, or a sum of some. */
  private static final class Sum {
    private long input;
    private long output;
    private long cost;
    private boolean priced = true;

    private void add(long moreInput, long moreOutput, long moreCost) {
      input += Math.max(0, moreInput);
      output += Math.max(0, moreOutput);
      if (moreCost < 0) {
        priced = false;
      } else {
        cost += moreCost;
      }
    }
  }

  /**
   * Compares.
   *
   * @param backend the upstream's name
   * @param source name of the file, for errors
   * @param report takes each difference
   * @throws FormatException when the file cannot be used
   */
  public Summary compare(String backend, Reader file, String source, Consumer<Difference> report)
      throws IOException {
    CsvReader csv = new CsvReader(file, source);
    List<String> header = csv.row();
    if (header == null) {
      throw new FormatException(source, "is empty");
    }
    Columns columns = new Columns(header, source);
    return new Run(backend, report).compare(csv, columns);
  }

  /** One comparison. */
  private final class Run {
    private final String backend;
    private final Consumer<Difference> report;
    private final Set<String> ids = new HashSet<>();
    private final Map<String, Sum> hours = new TreeMap<>();
    private long lines;
    private long matched;
    private long differences;
    private long first = Long.MAX_VALUE;
    private long last;

    Run(String backend, Consumer<Difference> report) {
      this.backend = backend;
      this.report = report;
    }

    Summary compare(CsvReader csv, Columns columns) throws IOException {
      List<Line> batch = new ArrayList<>();
      for (List<String> row = csv.row(); row != null; row = csv.row()) {
        Line line = columns.line(row, csv.line() - 1);
        lines++;
        first = Math.min(first, line.time());
        last = Math.max(last, line.time());
        if (line.id().isEmpty()) {
          hours
              .computeIfAbsent(hour(line.time(), line.model()), _ -> new Sum())
              .add(line.input(), line.output(), line.cost());
          continue;
        }
        if (ids.size() >= MOST_IDS) {
          throw new FormatException(
              columns.source, "has more than " + MOST_IDS + " requests; split it, such as by day");
        }
        if (!ids.add(line.id())) {
          difference(Difference.Kind.MISSING_HERE, line.id(), "once", "twice");
          continue;
        }
        batch.add(line);
        if (batch.size() == BATCH) {
          byId(batch);
          batch.clear();
        }
      }
      byId(batch);
      if (lines > 0) {
        rest();
        byHour();
      }
      return new Summary(lines, matched, differences);
    }

    private void byId(List<Line> batch) {
      if (batch.isEmpty()) {
        return;
      }
      Map<String, Sum> found = new HashMap<>();
      database.<Integer>read(
          h -> {
            h.createQuery(
                    "SELECT upstream_request_id AS id, input_uncached + cache_read + cache_write"
                        + " AS input, output_text + output_reasoning AS output,"
                        + " upstream_cost_nano AS cost FROM usage_event WHERE backend = :backend"
                        + " AND upstream_request_id IN (<ids>)")
                .bind("backend", backend)
                .bindList("ids", batch.stream().map(Line::id).toList())
                .map(
                    (rs, ctx) -> {
                      long cost = rs.getLong("cost");
                      boolean priced = !rs.wasNull();
                      found
                          .computeIfAbsent(rs.getString("id"), _ -> new Sum())
                          .add(rs.getLong("input"), rs.getLong("output"), priced ? cost : -1);
                      return 0;
                    })
                .list();
            return 0;
          });
      for (Line line : batch) {
        Sum event = found.get(line.id());
        if (event == null) {
          difference(Difference.Kind.MISSING_HERE, line.id(), "", line.model());
        } else {
          Sum there = new Sum();
          there.add(line.input(), line.output(), line.cost());
          compare(line.id(), event, there, line.input() >= 0);
        }
      }
    }

    private void compare(String where, Sum here, Sum there, boolean counted) {
      boolean same = true;
      if (counted && (here.input != there.input || here.output != there.output)) {
        same = false;
        difference(
            Difference.Kind.TOKENS,
            where,
            here.input + "+" + here.output,
            there.input + "+" + there.output);
      }
      if (here.priced && there.priced && here.cost != there.cost) {
        same = false;
        difference(Difference.Kind.COST, where, Usd.text(here.cost), Usd.text(there.cost));
      }
      if (same) {
        matched++;
      }
    }

    /** Events of the file's hours: those with an id must be in it, the others go into sums. */
    private void rest() {
      Map<String, Sum> sums = new TreeMap<>();
      long after = 0;
      while (true) {
        List<Event> page = page(after);
        for (Event event : page) {
          after = event.seq();
          if (event.id() != null && !ids.isEmpty()) {
            if (!ids.contains(event.id()) && event.input() + event.output() > 0) {
              difference(Difference.Kind.MISSING_THERE, event.id(), event.model(), "");
            }
          } else {
            sums.computeIfAbsent(hour(event.time(), event.model()), _ -> new Sum())
                .add(event.input(), event.output(), event.cost());
          }
        }
        if (page.size() < BATCH) {
          break;
        }
      }
      for (Map.Entry<String, Sum> sum : sums.entrySet()) {
        Sum there = hours.remove(sum.getKey());
        if (there != null) {
          compare(sum.getKey(), sum.getValue(), there, true);
        } else if (sum.getValue().input + sum.getValue().output > 0) {
          difference(
              Difference.Kind.MISSING_THERE,
              sum.getKey(),
              sum.getValue().input + "+" + sum.getValue().output,
              "");
        }
      }
    }

    private void byHour() {
      hours.forEach(
          (where, sum) ->
              difference(Difference.Kind.MISSING_HERE, where, "", sum.input + "+" + sum.output));
    }

    private record Event(
        long seq,
        @Nullable String id,
        long time,
        String model,
        long input,
        long output,
        long cost) {}

    private List<Event> page(long after) {
      return database.read(
          h ->
              h.createQuery(
                      "SELECT seq, upstream_request_id, start_at, model_version,"
                          + " upstream_cost_nano, input_uncached + cache_read + cache_write AS"
                          + " input, output_text + output_reasoning AS output FROM usage_event"
                          + " WHERE seq > :after AND backend = :backend AND start_at >= :from AND"
                          + " start_at < :to ORDER BY seq LIMIT "
                          + BATCH)
                  .bind("after", after)
                  .bind("backend", backend)
                  .bind("from", first - first % HOUR)
                  .bind("to", last - last % HOUR + HOUR)
                  .map(
                      (rs, ctx) -> {
                        long cost = rs.getLong("upstream_cost_nano");
                        boolean priced = !rs.wasNull();
                        return new Event(
                            rs.getLong("seq"),
                            rs.getString("upstream_request_id"),
                            rs.getLong("start_at"),
                            rs.getString("model_version"),
                            rs.getLong("input"),
                            rs.getLong("output"),
                            priced ? cost : -1);
                      })
                  .list());
    }

    private void difference(Difference.Kind kind, String where, String here, String there) {
      differences++;
      report.accept(new Difference(kind, where, here, there));
    }
  }

  /** Hour and model, the model without provider and date. */
  private static String hour(long time, String model) {
    String name = model.substring(model.lastIndexOf('/') + 1);
    int at = name.indexOf('@');
    return Instant.ofEpochMilli(time - time % HOUR) + " " + (at < 0 ? name : name.substring(0, at));
  }

  /** Which column holds what. */
  private static final class Columns {
    private final String source;
    private final int id;
    private final int time;
    private final int model;
    private final int input;
    private final int output;
    private final int cost;

    Columns(List<String> header, String source) {
      this.source = source;
      List<String> names =
          header.stream()
              .map(name -> name.replace("\uFEFF", "").strip().toLowerCase(Locale.ROOT))
              .toList();
      this.id = find(names, "upstream_request_id", "request_id", "id");
      this.time = find(names, "time", "timestamp", "date", "created_at");
      this.model = find(names, "model");
      this.input = find(names, "input_tokens", "prompt_tokens");
      this.output = find(names, "output_tokens", "completion_tokens");
      this.cost = find(names, "cost", "cost_usd", "amount");
      if (time < 0 || (id < 0 && model < 0)) {
        throw new FormatException(
            source, "must have a column time, and request_id or model; it has " + names);
      }
      if ((input < 0) != (output < 0) || (input < 0 && cost < 0)) {
        throw new FormatException(
            source, "must have columns input_tokens and output_tokens, or cost; it has " + names);
      }
    }

    private static int find(List<String> names, String... known) {
      for (String name : known) {
        if (names.contains(name)) {
          return names.indexOf(name);
        }
      }
      return -1;
    }

    Line line(List<String> row, long number) {
      String where = source + ": row " + number;
      return new Line(
          id < 0 ? "" : row.get(id),
          time(row.get(time), where),
          model < 0 ? "" : row.get(model),
          input < 0 ? -1 : count(row.get(input), where),
          output < 0 ? -1 : count(row.get(output), where),
          cost < 0 || row.get(cost).isBlank() ? -1 : Usd.nano(row.get(cost).strip(), where));
    }

    private static long count(String text, String where) {
      if (!text.strip().matches("[0-9]{1,15}")) {
        throw new FormatException(where, "'" + text + "' is no count of tokens");
      }
      return Long.parseLong(text.strip());
    }

    private static long time(String text, String where) {
      String stripped = text.strip();
      if (stripped.matches("[0-9]{10}")) {
        return Long.parseLong(stripped) * 1000;
      }
      if (stripped.matches("[0-9]{13}")) {
        return Long.parseLong(stripped);
      }
      try {
        String iso = stripped.replace(' ', 'T');
        return iso.matches(".*(Z|[+-][0-9]{2}:[0-9]{2})")
            ? OffsetDateTime.parse(iso).toInstant().toEpochMilli()
            : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC).toEpochMilli();
      } catch (DateTimeParseException e) {
        throw new FormatException(
            where, "'" + text + "' is no time such as 2026-11-29T13:00:00Z", e);
      }
    }
  }
}
