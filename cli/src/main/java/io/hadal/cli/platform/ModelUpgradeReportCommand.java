package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.cli.terminal.ProgressBar;
import io.hadal.cli.terminal.ProgressOption;
import io.hadal.platform.compare.Prompt;
import io.hadal.platform.compare.UpgradeFile;
import io.hadal.platform.compare.UpgradeLine;
import io.hadal.platform.compare.UpgradeReport;
import io.hadal.platform.compare.UpgradeRun;
import io.hadal.platform.db.Database;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.probe.HttpTransport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal model upgrade-report}: two versions side by side. */
@Command(
    name = "upgrade-report",
    description = {
      "Lets two versions answer the same requests and compares tool calls, schemas, ends, lengths,"
          + " times and costs.",
      "Requests are JSON lines as for a chat; neither they nor the answers are kept. The requests"
          + " are charged to the key as any others."
    })
final class ModelUpgradeReportCommand implements Callable<Integer> {
  /** How the report is written. */
  enum Format {
    text,
    json,
    markdown
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--from",
      required = true,
      paramLabel = "VERSION",
      description = "The version in use, or any name that the server knows.")
  private String from = "";

  @Option(
      names = "--to",
      required = true,
      paramLabel = "VERSION",
      description = "The version that may follow.")
  private String to = "";

  @Option(
      names = "--prompts",
      required = true,
      paramLabel = "FILE",
      description = "JSON lines, each a request with messages, tools and so on.")
  private Path prompts = Path.of("");

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "Keeps the figures of each request; a later run goes on where this one stops.")
  private @Nullable Path out;

  @Option(
      names = "--format",
      defaultValue = "text",
      description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Format format = Format.text;

  @Mixin private ServerOption server = new ServerOption();

  @Mixin private DatabaseOption where = new DatabaseOption();

  @Mixin private ProgressOption progress = new ProgressOption();

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Prompt> set = Prompt.read(prompts);
    List<UpgradeLine> lines = new ArrayList<>();
    Path file = out;
    try (Database database = where.open(true);
        HttpTransport one = new HttpTransport(server.target(from));
        HttpTransport two = new HttpTransport(server.target(to));
        UpgradeFile kept = file == null ? null : new UpgradeFile(file, from, to, prompts)) {
      Clock clock = Clock.systemUTC();
      PriceBook book = new PriceBook(database, PriceBook.Unpriced.FREE, clock);
      if (kept != null) {
        lines.addAll(kept.done());
      }
      Set<Integer> done = new HashSet<>();
      lines.forEach(l -> done.add(l.number()));
      UpgradeRun run = new UpgradeRun(one, two, version -> price(book, version, clock));
      try (ProgressBar bar = progress.start(spec.commandLine().getErr(), "requests", set.size())) {
        bar.advance(done.size());
        for (Prompt prompt : set) {
          if (!done.contains(prompt.number())) {
            UpgradeLine line = run.ask(prompt);
            lines.add(line);
            if (kept != null) {
              kept.add(line);
            }
            bar.advance(1);
          }
        }
      }
    }
    UpgradeReport report = new UpgradeReport(from, to, set.size(), lines);
    PrintWriter to = spec.commandLine().getOut();
    switch (format) {
      case text -> to.print(report.text());
      case markdown -> to.print(report.markdown());
      case json -> to.println(report.json().toPrettyString());
    }
    to.flush();
    return ExitCode.OK;
  }

  private static @Nullable PriceSnapshot price(PriceBook book, String version, Clock clock) {
    PriceSnapshot price = book.at(version, "", clock.millis());
    return price.id() == 0 ? null : price;
  }
}
