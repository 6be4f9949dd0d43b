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
 * Files that have days in place of times are compared by day, and usage that another Hadal exported
 * by its columns.
 */
public final class Reconciliation {
  private static final int BATCH = 500;

  /** Ids that are remembered; files are split beyond that. */
  private static final int MOST_IDS = 2_000_000;

  /** A count or cost that the file does not have. */
  private static final long ABSENT = Long.MIN_VALUE;

  private static final long HOUR = 3_600_000;
  private static final long DAY = 24 * HOUR;

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

  /** A line of the file. */
  private record Line(String id, long time, String model, long input, long output, long cost) {
    /** Whether it gives something back. */
    boolean credit() {
      return below(input) || below(output) || below(cost);
    }

    private static boolean below(long value) {
      return value < 0 && value != ABSENT;
    }
  }

  /** An event, or a sum of some. */
  private static final class Sum {
    private long parts;
    private long input;
    private long output;
    private long cost;
    private boolean priced = true;
    private boolean counted = true;

    private void add(long moreInput, long moreOutput, long moreCost) {
      parts++;
      if (moreInput == ABSENT) {
        counted = false;
      } else {
        input += moreInput;
        output += moreOutput;
      }
      if (moreCost == ABSENT) {
        priced = false;
      } else {
        cost += moreCost;
      }
    }

    /** What is known of it. */
    private String text() {
      return counted ? input + "+" + output : Usd.text(cost) + " USD";
    }
  }

  /**
   * Compares.
   *
   * @param backend the upstream's name
   * @param source name of the file, for errors
   * @param report takes each difference
   * @throws FormatException when the file cannot be used, or there is no event of the backend
   */
  public Summary compare(String backend, Reader file, String source, Consumer<Difference> report)
      throws IOException {
    requireKnown(backend);
    CsvReader csv = new CsvReader(file, source);
    List<String> header = csv.row();
    if (header == null) {
      throw new FormatException(source, "is empty");
    }
    Columns columns = new Columns(header, source);
    return new Run(backend, report).compare(csv, columns);
  }

  /**
   * Refuses a backend without events: each line of its file would be missing here, which says
   * nothing.
   *
   * @throws FormatException that names those that there are
   */
  public void requireKnown(String backend) {
    List<String> known =
        database.read(
            h ->
                h.createQuery("SELECT DISTINCT backend FROM usage_event ORDER BY backend")
                    .mapTo(String.class)
                    .list());
    if (!known.contains(backend)) {
      throw new FormatException(
          "backend",
          "'"
              + backend
              + "' has answered no request here; "
              + (known.isEmpty() ? "nobody has" : "there are " + known));
    }
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
    private long span = HOUR;
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
        if (line == null) {
          continue;
        }
        lines++;
        span = columns.span;
        first = Math.min(first, line.time());
        last = Math.max(last, line.time());
        if (line.id().isEmpty()) {
          hours
              .computeIfAbsent(span(line.time(), line.model()), _ -> new Sum())
              .add(line.input(), line.output(), line.cost());
          continue;
        }
        if (line.credit()) {
          // Nothing here gives back what an upstream billed for a request.
          Sum back = new Sum();
          back.add(line.input(), line.output(), line.cost());
          String what = (line.model() + " " + back.text()).strip();
          difference(Difference.Kind.MISSING_HERE, line.id(), "", what);
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
                          .add(rs.getLong("input"), rs.getLong("output"), priced ? cost : ABSENT);
                      return 0;
                    })
                .list();
            return 0;
          });
      for (Line line : batch) {
        Sum event = found.get(line.id());
        Sum there = new Sum();
        there.add(line.input(), line.output(), line.cost());
        if (event == null) {
          String what = (line.model() + " " + there.text()).strip();
          difference(Difference.Kind.MISSING_HERE, line.id(), "", what);
        } else {
          compare(line.id(), event, there);
        }
      }
    }

    private void compare(String where, Sum here, Sum there) {
      boolean same = true;
      if (there.counted && (here.input != there.input || here.output != there.output)) {
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
        matched += there.parts;
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
              String what = event.model() + " " + event.input() + "+" + event.output();
              difference(Difference.Kind.MISSING_THERE, event.id(), what, "");
            }
          } else if (event.input() + event.output() > 0 || event.cost() > 0) {
            // What failed took nothing; it must not hide the cost of the others.
            sums.computeIfAbsent(span(event.time(), event.model()), _ -> new Sum())
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
          compare(sum.getKey(), sum.getValue(), there);
        } else {
          difference(Difference.Kind.MISSING_THERE, sum.getKey(), sum.getValue().text(), "");
        }
      }
    }

    private void byHour() {
      hours.forEach(
          (where, sum) -> difference(Difference.Kind.MISSING_HERE, where, "", sum.text()));
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
                  .bind("from", first - first % span)
                  .bind("to", last - last % span + span)
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
                            priced ? cost : ABSENT);
                      })
                  .list());
    }

    /** Hour or day, and model, the model without provider and date. */
    private String span(long time, String model) {
      String name = model.substring(model.lastIndexOf('/') + 1);
      int at = name.indexOf('@');
      String begin = Instant.ofEpochMilli(time - time % span).toString();
      return (span == DAY ? begin.substring(0, 10) : begin)
          + " "
          + (at < 0 ? name : name.substring(0, at));
    }

    private void difference(Difference.Kind kind, String where, String here, String there) {
      differences++;
      report.accept(new Difference(kind, where, here, there));
    }
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

    /** Whether another Hadal has exported the file, and where it has parts of its counts. */
    private final boolean exported;

    private final List<Integer> inputs;
    private final List<Integer> outputs;

    /** What the lines are of: hours, or days; 0 before the first. */
    private long span;

    Columns(List<String> header, String source) {
      this.source = source;
      List<String> names =
          header.stream()
              .map(name -> name.replace("\uFEFF", "").strip().toLowerCase(Locale.ROOT))
              .toList();
      this.exported = names.contains("schema_version") && names.contains("input_uncached");
      this.inputs =
          List.of(
              find(names, "input_uncached"), find(names, "cache_read"), find(names, "cache_write"));
      this.outputs = List.of(find(names, "output_text"), find(names, "output_reasoning"));
      // To the exporter, its own upstreams' ids are those of others.
      this.id =
          exported
              ? find(names, "request_id")
              : find(names, "upstream_request_id", "request_id", "id");
      this.time =
          exported
              ? find(names, "started_at")
              : find(names, "time", "timestamp", "date", "created_at");
      this.model = exported ? find(names, "version") : find(names, "model");
      this.input = exported ? inputs.getFirst() : find(names, "input_tokens", "prompt_tokens");
      this.output =
          exported ? outputs.getFirst() : find(names, "output_tokens", "completion_tokens");
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

    /** A line; null for an exported attempt that took nothing, for which nobody pays. */
    @Nullable Line line(List<String> row, long number) {
      String where = source + ": row " + number;
      Line line =
          new Line(
              id < 0 ? "" : row.get(id).strip(),
              time(row.get(time), where),
              model < 0 ? "" : row.get(model),
              exported
                  ? sum(row, inputs, where)
                  : input < 0 ? ABSENT : count(row.get(input), where),
              exported
                  ? sum(row, outputs, where)
                  : output < 0 ? ABSENT : count(row.get(output), where),
              cost < 0 || row.get(cost).isBlank()
                  ? ABSENT
                  : Usd.nano(row.get(cost).strip(), where));
      boolean free = line.cost() == 0 || line.cost() == ABSENT;
      return exported && line.input() + line.output() == 0 && free ? null : line;
    }

    private static long sum(List<String> row, List<Integer> columns, String where) {
      return columns.stream()
          .filter(column -> column >= 0)
          .mapToLong(column -> count(row.get(column), where))
          .sum();
    }

    private static long count(String text, String where) {
      if (!text.strip().matches("-?[0-9]{1,15}")) {
        throw new FormatException(where, "'" + text + "' is no count of tokens");
      }
      return Long.parseLong(text.strip());
    }

    private long time(String text, String where) {
      String stripped = text.strip();
      boolean day = stripped.matches("[0-9]{4}-[0-9]{2}-[0-9]{2}");
      if (span != 0 && day != (span == DAY)) {
        throw new FormatException(where, "'" + text + "': some lines have days, others times");
      }
      span = day ? DAY : HOUR;
      if (stripped.matches("[0-9]{10}")) {
        return Long.parseLong(stripped) * 1000;
      }
      if (stripped.matches("[0-9]{13}")) {
        return Long.parseLong(stripped);
      }
      try {
        String iso = day ? stripped + "T00:00:00Z" : stripped.replace(' ', 'T');
        return iso.matches(".*(Z|[+-][0-9]{2}:[0-9]{2})")
            ? OffsetDateTime.parse(iso).toInstant().toEpochMilli()
            : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC).toEpochMilli();
      } catch (DateTimeParseException e) {
        throw new FormatException(
            where, "'" + text + "' is no time such as 2026-11-29T13:00:00Z, and no day", e);
      }
    }
  }
}
