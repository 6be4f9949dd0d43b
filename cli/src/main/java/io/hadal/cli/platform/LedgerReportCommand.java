package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.db.Database;
import io.hadal.platform.money.Usd;
import io.hadal.platform.reports.Dimension;
import io.hadal.platform.reports.Measures;
import io.hadal.platform.reports.UsageQuery;
import io.hadal.platform.reports.UsageReport;
import io.hadal.platform.reports.UsageReports;
import io.hadal.platform.reports.UsageRow;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal ledger report}: usage by any dimension. */
@Command(name = "report", description = "Usage and cost, grouped as you like.")
final class LedgerReportCommand implements Callable<Integer> {
  private static final List<String> MEASURES =
      List.of(
          "requests",
          "input",
          "cached",
          "output",
          "cost USD",
          "upstream USD",
          "saved USD",
          "errors",
          "first ms p50",
          "p95");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption database = new DatabaseOption();

  @Mixin private UsageFilterOption filter = new UsageFilterOption();

  @Option(
      names = "--by",
      split = ",",
      paramLabel = "DIMENSION",
      description =
          "What to group by: org team project key principal end_user session alias version backend"
              + " dialect operation class outcome estimated hour day month tag:NAME. Default: project.")
  private List<String> by = List.of("project");

  @Option(names = "--limit", paramLabel = "N", description = "Most rows. Default: 50.")
  private int limit = 50;

  @Override
  public Integer call() throws IOException {
    List<Dimension> dimensions = by.stream().map(Dimension::of).toList();
    try (Database open = database.open(false)) {
      UsageReport report =
          new UsageReports(open).run(new UsageQuery(filter.filter(), dimensions, true, limit));
      List<List<String>> table = new ArrayList<>();
      List<String> head = new ArrayList<>(dimensions.stream().map(Dimension::name).toList());
      head.addAll(MEASURES);
      table.add(head);
      for (UsageRow row : report.rows()) {
        table.add(line(row.values(), row.measures()));
      }
      List<String> total = new ArrayList<>(List.of("total"));
      while (total.size() < dimensions.size()) {
        total.add("");
      }
      table.add(line(total, report.total()));
      print(table, dimensions.size());
      PrintWriter out = spec.commandLine().getOut();
      if (report.more()) {
        out.println("There are more rows: raise --limit.");
      }
      if (report.completeUntil() > 0) {
        out.println("Complete up to " + Instant.ofEpochMilli(report.completeUntil()) + ".");
      }
      out.flush();
    }
    return ExitCode.OK;
  }

  private static List<String> line(List<String> values, Measures m) {
    List<String> line = new ArrayList<>();
    values.forEach(value -> line.add(value.isEmpty() ? "-" : value));
    line.add(Long.toString(m.requests()));
    line.add(Long.toString(m.quantities().input()));
    line.add(String.format(Locale.ROOT, "%.1f%%", 100 * m.cacheHitRatio()));
    line.add(Long.toString(m.quantities().output()));
    line.add(Usd.text(m.cost()));
    line.add(Usd.text(m.upstreamCost()));
    line.add(Usd.text(m.saved()));
    line.add(String.format(Locale.ROOT, "%.1f%%", 100 * m.errorRate()));
    line.add(Long.toString(m.firstTokenP50()));
    line.add(Long.toString(m.firstTokenP95()));
    return line;
  }

  private void print(List<List<String>> table, int left) {
    int columns = table.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : table) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    for (List<String> row : table) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        line.append(i == 0 ? "" : "  ").append(i < left ? row.get(i) + pad : pad + row.get(i));
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
