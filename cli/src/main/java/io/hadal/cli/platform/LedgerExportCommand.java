package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.reports.ExportFolder;
import io.hadal.platform.reports.ExportFormat;
import io.hadal.platform.reports.UsageExport;
import io.hadal.platform.reports.UsageFilter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code hadal ledger export}: attempts as files. */
@Command(
    name = "export",
    description = {
      "Writes each attempt at a request as CSV, JSON lines or FOCUS charges.",
      "The last line on stderr is the cursor behind which the next export goes on."
    })
final class LedgerExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption database = new DatabaseOption();

  @Mixin private UsageFilterOption filter = new UsageFilterOption();

  @Option(
      names = "--format",
      paramLabel = "csv|jsonl|focus",
      description = "What to write. Default: csv.")
  private String format = "csv";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "File to write; with --after its lines are added. Default: standard output.")
  private @Nullable Path output;

  @Option(
      names = "--after",
      paramLabel = "CURSOR",
      description = "Only attempts behind this cursor, without a header.")
  private long after;

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description =
          "Add a file with what is new since the last one in this folder; for a timer. Takes no"
              + " other option but --format.")
  private @Nullable Path folder;

  @Override
  public Integer call() throws IOException {
    ExportFormat chosen = ExportFormat.of(format);
    Path into = folder;
    if (into != null) {
      return toFolder(chosen, into);
    }
    try (Database open = database.open(false);
        OutputStream out = out()) {
      UsageExport export =
          new UsageExport(open, new PriceBook(open, PriceBook.Unpriced.FREE, Clock.systemUTC()));
      CommandAudit.tell(open, "usage.export", "usage", "format", format);
      long cursor = export.write(chosen, filter.filter(), after, out);
      spec.commandLine().getErr().println("cursor: " + cursor);
      spec.commandLine().getErr().flush();
    }
    return ExitCode.OK;
  }

  private int toFolder(ExportFormat chosen, Path into) throws IOException {
    if (output != null || after != 0 || !filter.filter().equals(UsageFilter.ALL)) {
      throw new FormatException("--folder", "takes no other option but --format");
    }
    try (Database open = database.open(false)) {
      UsageExport export =
          new UsageExport(open, new PriceBook(open, PriceBook.Unpriced.FREE, Clock.systemUTC()));
      CommandAudit.tell(open, "usage.export", "usage", "format", format);
      new ExportFolder(export, chosen, into).next();
    }
    return ExitCode.OK;
  }

  private OutputStream out() throws IOException {
    Path file = output;
    if (file != null) {
      return new BufferedOutputStream(
          after == 0
              ? Files.newOutputStream(file)
              : Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }
    var writer = spec.commandLine().getOut();
    return new OutputStream() {
      @Override
      public void write(int b) {
        throw new UnsupportedOperationException();
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        // An encoder hands over whole characters.
        writer.write(new String(bytes, offset, length, StandardCharsets.UTF_8));
      }

      @Override
      public void close() {
        writer.flush();
      }
    };
  }
}
