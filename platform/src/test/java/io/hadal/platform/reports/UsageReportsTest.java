package io.hadal.platform.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.ledger.EventRow;
import io.hadal.platform.ledger.SampleUsage;
import io.hadal.platform.ledger.Settled;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class UsageReportsTest {
  private static final long T0 = Instant.parse("2026-11-29T10:30:00Z").toEpochMilli();
  private static final long HOUR = 3_600_000;

  private static final UsageFilter ALL = UsageFilter.ALL;

  @TempDir private Path folder;

  /** 60 requests over 20 hours, of three projects, at two backends, some of them bad. */
  private static SampleUsage fill(Database database) {
    SampleUsage usage = new SampleUsage(database);
    List<Settled> all = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      String backend = i % 2 == 0 ? "local" : "deepseek";
      Map<String, String> tags =
          switch (i % 3) {
            case 0 -> Map.of("team", "a,\"b\"");
            case 1 -> Map.of("team", "=1+1", "x", "line\nbreak");
            default -> Map.of();
          };
      Outcome outcome = i % 10 == 9 ? Outcome.UPSTREAM_ERROR : Outcome.COMPLETED;
      all.add(
          new Settled(
              usage.event(
                  SampleUsage.work("p" + i % 3, "r" + i, 1, backend, tags),
                  T0 + i * HOUR / 3,
                  outcome,
                  Quantities.tokens(100 + i, 1000, 7, 20 + i, 3),
                  backend.equals("local") ? null : 1_000L + i),
              50_000));
    }
    usage.store(all);
    return usage;
  }

  @OnBothDatabases
  void totalsByEachDimensionAreTheLedgers(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      SampleUsage usage = fill(database);
      UsageReports reports = new UsageReports(database);
      long earned = usage.ledger.balances().getOrDefault("revenue/" + SampleUsage.MODEL, 0L);
      long owed = usage.ledger.balances().getOrDefault("payable/deepseek", 0L);
      assertThat(earned).isPositive();
      List<Dimension> dimensions =
          new ArrayList<>(Dimension.names().stream().map(Dimension::of).toList());
      dimensions.add(Dimension.of("tag:team"));
      for (Dimension dimension : dimensions) {
        UsageReport report = reports.run(new UsageQuery(ALL, List.of(dimension), true, 1000));
        assertThat(report.rows().stream().mapToLong(r -> r.measures().cost()).sum())
            .as(dimension.name())
            .isEqualTo(earned)
            .isEqualTo(report.total().cost());
        assertThat(report.rows().stream().mapToLong(r -> r.measures().upstreamCost()).sum())
            .as(dimension.name())
            .isEqualTo(owed);
        assertThat(report.rows().stream().mapToLong(r -> r.measures().requests()).sum())
            .as(dimension.name())
            .isEqualTo(60);
      }
      for (UsageRow row :
          reports.run(new UsageQuery(ALL, List.of(Dimension.PROJECT), false, 10)).rows()) {
        assertThat(-usage.ledger.balance(row.values().getFirst()).prepaid())
            .isEqualTo(row.measures().cost());
      }
    }
  }

  @OnBothDatabases
  void copiesAreNoUseOfAVersion(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      SampleUsage usage = fill(database);
      usage.store(
          List.of(
              new Settled(
                  usage.event(
                      SampleUsage.work("p0", "copy", 1, "local", Map.of()),
                      T0 + 30 * HOUR,
                      Outcome.SHADOW,
                      Quantities.tokens(1, 0, 0, 1, 0),
                      null),
                  0)));
      assertThat(new VersionUses(database).since(List.of(SampleUsage.MODEL), Instant.EPOCH))
          .hasSize(3)
          .allMatch(use -> use.requests() == 20 && use.last().toEpochMilli() < T0 + 30 * HOUR);
    }
  }

  @OnBothDatabases
  void queriesGroupFilterAndMeasure(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      fill(database);
      UsageReports reports = new UsageReports(database);
      UsageReport byHour =
          reports.run(new UsageQuery(ALL, List.of(Dimension.HOUR, Dimension.BACKEND), true, 1000));
      assertThat(byHour.rows().getFirst().values())
          .containsExactly("2026-11-29T10:00:00Z", "deepseek");
      assertThat(byHour.rows()).hasSize(41);
      UsageReport days = reports.run(new UsageQuery(ALL, List.of(Dimension.DAY), true, 10));
      assertThat(days.rows())
          .extracting(r -> r.values().getFirst())
          .containsExactly("2026-11-29", "2026-11-30");
      UsageReport months = reports.run(new UsageQuery(ALL, List.of(Dimension.MONTH), true, 10));
      assertThat(months.rows().getFirst().values()).containsExactly("2026-11");
      UsageReport classes = reports.run(new UsageQuery(ALL, List.of(Dimension.CLASS), true, 10));
      assertThat(classes.rows())
          .extracting(r -> r.values().getFirst())
          .containsExactlyInAnyOrder("", "agent");
      UsageReport tags =
          reports.run(new UsageQuery(ALL, List.of(Dimension.of("tag:team")), false, 2));
      assertThat(tags.more()).isTrue();
      assertThat(tags.rows()).hasSize(2);
      UsageFilter filter =
          new UsageFilter(T0, T0 + 5 * HOUR, UsageScope.ALL, Map.of())
              .with(Dimension.of("tag:team"), "=1+1")
              .with(Dimension.BACKEND, "deepseek")
              .with(Dimension.ESTIMATED, "false");
      Measures some = reports.run(new UsageQuery(filter, List.of(), true, 1)).total();
      // Of the first fifteen: 1, 7 and 13.
      assertThat(some.requests()).isEqualTo(3);
      assertThat(some.quantities().inputUncached()).isEqualTo(300 + 1 + 7 + 13);
      assertThat(some.cacheHitRatio()).isBetween(0.89, 0.91);
      assertThat(some.firstTokenP50()).isEqualTo(50);
      assertThat(some.tokenP95()).isEqualTo(20_000);
      assertThat(some.margin()).isEqualTo(some.cost() - some.upstreamCost());
      // 1000 cached tokens of each were 0.147 USD a million cheaper.
      assertThat(some.saved()).isEqualTo(3 * 147_000L);
      Measures total = reports.run(new UsageQuery(ALL, List.of(), false, 1)).total();
      assertThat(total.errors()).isEqualTo(6);
      assertThat(total.errorRate()).isEqualTo(0.1);
      assertThat(
              reports
                  .run(new UsageQuery(ALL.with(Dimension.PRINCIPAL, ""), List.of(), false, 1))
                  .total()
                  .requests())
          .isEqualTo(40);
      UsageFilter mine =
          new UsageFilter(
              0,
              Long.MAX_VALUE,
              new UsageScope(false, Set.of(), Set.of("team_p1"), Set.of("p2")),
              Map.of());
      assertThat(reports.run(new UsageQuery(mine, List.of(), true, 1)).total().requests())
          .isEqualTo(40);
      UsageFilter nobody =
          new UsageFilter(
              0, Long.MAX_VALUE, new UsageScope(false, Set.of(), Set.of(), Set.of()), Map.of());
      assertThat(reports.run(new UsageQuery(nobody, List.of(), true, 1)).total().cost()).isZero();
      assertThat(reports.search(nobody, Long.MAX_VALUE, 10)).isEmpty();
      assertThat(reports.attempts("r1", mine.scope())).hasSize(1);
      assertThat(reports.attempts("r0", mine.scope())).isEmpty();
      List<EventRow> page = reports.search(mine, Long.MAX_VALUE, 3);
      assertThat(page).extracting(EventRow::requestId).containsExactly("r59", "r58", "r56");
      assertThat(reports.search(mine, page.getLast().seq(), 1).getFirst().requestId())
          .isEqualTo("r55");
    }
  }

  @Test
  void percentilesAreRanks() {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      SampleUsage usage = new SampleUsage(database);
      List<Settled> all = new ArrayList<>();
      for (int i = 1; i <= 100; i++) {
        var event =
            usage.event(
                SampleUsage.work("p", "r" + i, 1), 1_000, Outcome.COMPLETED, Quantities.NONE, null);
        all.add(
            new Settled(
                new io.hadal.platform.usage.UsageEvent(
                    event.work(),
                    1_000,
                    i > 98 ? 0 : 1_000 + i,
                    3_000,
                    Outcome.COMPLETED,
                    200,
                    Quantities.NONE,
                    false,
                    0,
                    0,
                    null,
                    null,
                    null,
                    0,
                    i * 10L),
                0));
      }
      usage.store(all);
      Measures m = new UsageReports(database).run(new UsageQuery(ALL, List.of(), true, 1)).total();
      assertThat(m.firstTokenP50()).isEqualTo(49);
      assertThat(m.firstTokenP95()).isEqualTo(94);
      assertThat(m.tokenP50()).isEqualTo(500);
      assertThat(m.tokenP95()).isEqualTo(950);
    }
  }

  @OnBothDatabases
  void recentRequestsAreThoseOfABackend(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      fill(database);
      RecentRequests recent = new RecentRequests(database);
      Instant all = Instant.ofEpochMilli(0);
      List<RecentRequests.Request> newest = recent.since("local", all, 3);
      assertThat(newest)
          .extracting(RecentRequests.Request::project)
          .containsExactly("p1", "p2", "p0");
      RecentRequests.Request first = newest.getFirst();
      assertThat(first.at()).isEqualTo(Instant.ofEpochMilli(T0 + 58 * HOUR / 3));
      assertThat(first.prompt()).isEqualTo(100 + 58 + 1000 + 7);
      assertThat(first.cached()).isEqualTo(1000);
      assertThat(first.output()).isEqualTo(20 + 58 + 3);
      assertThat(first.priority()).isEqualTo("agent");
      assertThat(recent.since("local", all, 1000)).hasSize(30);
      assertThat(recent.since("local", Instant.ofEpochMilli(T0 + 19 * HOUR), 1000)).hasSize(1);
      assertThat(recent.since("nobody", all, 1000)).isEmpty();
    }
  }

  @OnBothDatabases
  void exportsReadBack(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind)) {
      SampleUsage usage = fill(database);
      UsageExport export = new UsageExport(database, usage.prices);
      List<Map<String, String>> rows = table(text(export, ExportFormat.CSV, ALL, 0));
      assertThat(rows).hasSize(60);
      assertThat(rows.getFirst())
          .containsEntry("schema_version", "2")
          .containsEntry("class", "agent")
          .containsEntry("request_id", "r0")
          .containsEntry("tags", "{\"team\":\"a,\\\"b\\\"\"}")
          .containsEntry("started_at", "2026-11-29T10:30:00Z");
      long earned = usage.ledger.balances().getOrDefault("revenue/" + SampleUsage.MODEL, 0L);
      assertThat(
              rows.stream().mapToLong(r -> Long.parseLong(r.getOrDefault("cost_nano", ""))).sum())
          .isEqualTo(earned);
      // A broken export goes on behind the cursor of its last line.
      String cursor = rows.get(39).getOrDefault("cursor", "");
      String rest = text(export, ExportFormat.CSV, ALL, Long.parseLong(cursor));
      assertThat(rest.lines().filter(line -> line.startsWith("2,")).count()).isEqualTo(20);
      assertThat(rest).startsWith("2,41,r40,");
      List<JsonNode> lines =
          text(export, ExportFormat.JSONL, ALL, 0)
              .lines()
              .map(line -> Json.parse(line.getBytes(StandardCharsets.UTF_8), "line"))
              .toList();
      assertThat(lines).hasSize(60);
      assertThat(lines.get(1).get("tags").get("x").stringValue()).isEqualTo("line\nbreak");
      assertThat(lines.stream().mapToLong(l -> l.get("cost_nano").longValue()).sum())
          .isEqualTo(earned);
      assertThat(lines.getFirst().get("upstream_cost_nano").isNull()).isTrue();
      // What a spreadsheet makes of the file is what the report says, by whatever is asked.
      UsageReports reports = new UsageReports(database);
      for (String column : List.of("project", "key", "backend", "outcome", "session", "version")) {
        Map<String, Long> sums = new TreeMap<>();
        rows.forEach(
            r ->
                sums.merge(
                    r.getOrDefault(column, "?"),
                    Long.parseLong(r.getOrDefault("cost_nano", "")),
                    Long::sum));
        Map<String, Long> reported = new TreeMap<>();
        reports
            .run(new UsageQuery(ALL, List.of(Dimension.of(column)), true, 1000))
            .rows()
            .forEach(r -> reported.put(r.values().getFirst(), r.measures().cost()));
        assertThat(sums).as(column).isEqualTo(reported);
      }
      focus(table(text(export, ExportFormat.FOCUS, ALL, 0)), earned);
      ExportFolder exports =
          new ExportFolder(export, ExportFormat.CSV, folder.resolve(kind.name()));
      assertThat(exports.next()).isNotNull();
      assertThat(exports.next()).isNull();
      usage.store(
          List.of(
              new Settled(
                  usage.event(
                      SampleUsage.work("p", "late", 1),
                      T0,
                      Outcome.COMPLETED,
                      Quantities.NONE,
                      null),
                  0)));
      assertThat(exports.next()).isNotNull();
      Path second = folder.resolve(kind.name()).resolve("usage-000000000061-000000000061.csv");
      assertThat(table(Files.readString(second)).getFirst()).containsEntry("request_id", "late");
    }
  }

  private static void focus(List<Map<String, String>> rows, long earned) throws IOException {
    assertThat(rows).hasSize(300);
    FocusDescription focus = new FocusDescription();
    focus.check(List.copyOf(rows.getFirst().keySet()));
    BigDecimal sum = BigDecimal.ZERO;
    for (Map<String, String> row : rows) {
      focus.check(row);
      sum = sum.add(new BigDecimal(row.getOrDefault("BilledCost", "")));
      assertThat(row)
          .containsEntry("BillingCurrency", "USD")
          .containsEntry("ChargeCategory", "Usage")
          .containsEntry("BillingPeriodStart", "2026-11-01T00:00:00Z")
          .containsEntry("BillingPeriodEnd", "2026-12-01T00:00:00Z")
          .containsEntry("ConsumedUnit", "Tokens")
          .containsEntry("ServiceCategory", "AI and Machine Learning")
          .containsEntry("ServiceSubcategory", "Generative AI");
      assertThat(Instant.parse(row.getOrDefault("ChargePeriodEnd", "")))
          .isEqualTo(Instant.parse(row.getOrDefault("ChargePeriodStart", "")).plusSeconds(3600));
      assertThat(row.getOrDefault("SkuId", "")).startsWith(SampleUsage.MODEL + "/");
    }
    assertThat(sum).isEqualByComparingTo(BigDecimal.valueOf(earned, 9));
  }

  private static String text(
      UsageExport export, ExportFormat format, UsageFilter filter, long after) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    export.write(format, filter, after, bytes);
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** Reads with a parser that is not ours, and takes RFC 4180 at its word. */
  private static List<Map<String, String>> table(String csv) throws IOException {
    assertThat(csv).endsWith("\r\n").doesNotStartWith("\uFEFF");
    // Outside of quotes, lines end with both characters and nothing else.
    assertThat(csv.replaceAll("\"[^\"]*\"", "").replace("\r\n", "")).doesNotContain("\r", "\n");
    CSVFormat strict =
        CSVFormat.RFC4180
            .builder()
            .setHeader()
            .setSkipHeaderRecord(true)
            .setIgnoreEmptyLines(false)
            .setAllowMissingColumnNames(false)
            .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
            .setTrailingData(false)
            .setLenientEof(false)
            .get();
    List<Map<String, String>> rows = new ArrayList<>();
    try (CSVParser parser = CSVParser.parse(csv, strict)) {
      List<String> header = parser.getHeaderNames();
      for (CSVRecord record : parser) {
        assertThat(record.isConsistent()).as("%s", record).isTrue();
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 0; i < header.size(); i++) {
          fields.put(header.get(i), record.get(i));
        }
        rows.add(fields);
      }
    }
    return rows;
  }

  @OnBothDatabases
  void anUpstreamsFileIsCompared(DatabaseKind kind) throws IOException {
    try (Database database = TestDatabases.open(kind)) {
      fill(database);
      StringBuilder csv = new StringBuilder("id,timestamp,model,input_tokens,output_tokens,cost\n");
      for (int i = 1; i < 60; i += 2) {
        if (i == 3) {
          continue;
        }
        long cost = 1_000L + i + (i == 5 ? 1 : 0);
        csv.append(
            "up-r%d,%s,deepseek-chat,%d,%d,%s\n"
                .formatted(
                    i,
                    Instant.ofEpochMilli(T0 + i * HOUR / 3),
                    1107 + i,
                    23 + i + (i == 7 ? 2 : 0),
                    new BigDecimal(cost).movePointLeft(9).toPlainString()));
      }
      csv.append("up-other,2026-11-29 12:00:00,deepseek-chat,1,1,\n");
      List<Difference> differences = new ArrayList<>();
      Reconciliation.Summary summary =
          new Reconciliation(database)
              .compare("deepseek", new StringReader(csv.toString()), "file", differences::add);
      assertThat(summary.lines()).isEqualTo(30);
      assertThat(summary.matched()).isEqualTo(27);
      assertThat(differences)
          .extracting(d -> d.kind() + " " + d.where())
          .containsExactlyInAnyOrder(
              "COST up-r5", "TOKENS up-r7", "MISSING_HERE up-other", "MISSING_THERE up-r3");
      differences.clear();
      // Without ids: sums of an hour and a model.
      String hours =
          """
          time,model,prompt_tokens,completion_tokens
          2026-11-29T10:00:00Z,hadal-nano,1108,24
          2026-11-29T11:00:00Z,hadal-nano,5,5
          """;
      new Reconciliation(database)
          .compare("deepseek", new StringReader(hours), "file", differences::add);
      assertThat(differences)
          .extracting(d -> d.kind() + " " + d.where())
          .containsExactly("TOKENS 2026-11-29T11:00:00Z hadal-nano");
      // What is given back counts: in the sum of its hour, and as what nobody here knows of.
      differences.clear();
      new Reconciliation(database)
          .compare(
              "deepseek",
              new StringReader(
                  """
                  time,model,prompt_tokens,completion_tokens
                  2026-11-29T10:00:00Z,hadal-nano,2000,30
                  2026-11-29T10:20:00Z,hadal-nano,-892,-6
                  """),
              "file",
              differences::add);
      assertThat(differences).isEmpty();
      new Reconciliation(database)
          .compare(
              "deepseek",
              new StringReader(
                  """
                  id,time,model,cost
                  up-r1,2026-11-29T10:20:00Z,hadal-nano,0.000001001
                  up-r1,2026-11-29T10:20:00Z,hadal-nano,-0.0000004
                  """),
              "file",
              differences::add);
      assertThat(differences)
          .extracting(d -> d.kind() + " " + d.where() + " " + d.there())
          .containsExactly("MISSING_HERE up-r1 hadal-nano -0.0000004 USD");
      assertThatThrownBy(
              () ->
                  new Reconciliation(database)
                      .compare("deepseek", new StringReader("a,b\n1,2\n"), "up.csv", d -> {}))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("up.csv")
          .hasMessageContaining("time");
    }
  }

  /** What an upstream that is a Hadal exports, and files that have days, or costs only. */
  @Test
  void filesOfSeveralKindsAreCompared() throws IOException {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      SampleUsage usage = fill(database);
      // As the upstream sees it: its own ids, none of an upstream of its own, retries that failed.
      String exported =
          "schema_version,request_id,attempt,started_at,version,upstream_request_id,input_uncached,"
              + "cache_read,cache_write,output_text,output_reasoning,cost_usd\n"
              + "1,up-r1,1,2026-11-29T10:20:00Z,deepseek-chat@1,,0,0,0,0,0,0\n"
              + "1,up-r1,2,2026-11-29T10:20:00Z,deepseek-chat@1,,1000,100,8,20,4,0.000001001\n"
              + "1,up-rx,1,2026-11-29T10:21:00Z,deepseek-chat@1,,3,4,0,5,6,0.5\n";
      assertThat(compared(database, exported))
          .first()
          .isEqualTo("MISSING_HERE up-rx / deepseek-chat@1 7+11");
      // By days; an attempt that failed, and has no cost, hides none of the others.
      usage.store(
          List.of(
              new Settled(
                  usage.event(
                      SampleUsage.work("p0", "rf", 1, "deepseek", Map.of()),
                      T0,
                      Outcome.UPSTREAM_ERROR,
                      Quantities.NONE,
                      null),
                  0)));
      String model = SampleUsage.MODEL.replaceAll("^.*/|@.*$", "");
      Map<String, long[]> days = new TreeMap<>();
      for (int i = 1; i < 60; i += 2) {
        String day = Instant.ofEpochMilli(T0 + i * HOUR / 3).toString().substring(0, 10);
        long[] sum = days.computeIfAbsent(day, d -> new long[3]);
        sum[0] += 1107 + i;
        sum[1] += 23 + i;
        sum[2] += 1000 + i;
      }
      StringBuilder all = new StringBuilder("date,model,input_tokens,output_tokens,cost\n");
      StringBuilder costs = new StringBuilder("date,model,cost\n");
      days.forEach(
          (day, sum) -> {
            String cost = new BigDecimal(sum[2]).movePointLeft(9).toPlainString();
            all.append("%s,%s,%d,%d,%s\n".formatted(day, model, sum[0], sum[1], cost));
            costs.append("%s,%s,%s\n".formatted(day, model, cost));
          });
      assertThat(compared(database, all.toString())).isEmpty();
      // Without tokens, only costs can differ.
      assertThat(compared(database, costs.toString())).isEmpty();
      assertThat(compared(database, costs.toString().replaceFirst(",0[.]0", ",0.9")))
          .singleElement()
          .asString()
          .startsWith("COST " + days.keySet().iterator().next() + " " + model);
      assertThatThrownBy(() -> compared(database, all + "2026-11-29T10:00:00Z,m,1,1,1\n"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("some lines have days");
    }
  }

  private static List<String> compared(Database database, String csv) throws IOException {
    List<String> found = new ArrayList<>();
    new Reconciliation(database)
        .compare(
            "deepseek",
            new StringReader(csv),
            "file",
            d -> found.add(d.kind() + " " + d.where() + " " + d.here() + "/ " + d.there()));
    return found;
  }

  @Test
  void csvIsStrict() throws IOException {
    CsvReader good = new CsvReader(new StringReader("a,\"b\"\"\r\n,\",\r\n1,,2\r\n"), "x");
    assertThat(good.row()).containsExactly("a", "b\"\r\n,", "");
    assertThat(good.row()).containsExactly("1", "", "2");
    assertThat(good.row()).isNull();
    for (String bad : List.of("a\"b\n", "\"a", "\"a\"b\n", "a\rb\n", "a,b\nc\n")) {
      assertThatThrownBy(
              () -> {
                CsvReader reader = new CsvReader(new StringReader(bad), "x");
                while (reader.row() != null) {
                  // To the end.
                }
              })
          .as(bad)
          .isInstanceOf(FormatException.class);
    }
  }
}
