package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.db.Database;
import io.hadal.platform.reports.Reconciliation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal ledger reconcile}: an upstream's usage file against the events. */
@Command(
    name = "reconcile",
    description = {
      "Compares an upstream's usage file (CSV) with what was booked for it.",
      "Columns: request_id or model; time, or days; input_tokens and output_tokens, or cost; or the"
          + " CSV that 'hadal ledger export' wrote at the upstream. Exit code 1 when there are"
          + " differences."
    })
final class LedgerReconcileCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption database = new DatabaseOption();

  @Option(
      names = "--backend",
      required = true,
      paramLabel = "NAME",
      description = "Name of the upstream.")
  private String backend = "";

  @Parameters(paramLabel = "FILE", description = "The upstream's file.")
  private Path file = Path.of("");

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Database open = database.open(false);
        Reader in = Files.newBufferedReader(file)) {
      Reconciliation.Summary summary =
          new Reconciliation(open)
              .compare(
                  backend,
                  in,
                  file.toString(),
                  one ->
                      out.printf(
                          "%s  %s  here %s, there %s%n",
                          one.kind(), one.where(), text(one.here()), text(one.there())));
      out.printf(
          "%d lines, %d matched, %d differences%n",
          summary.lines(), summary.matched(), summary.differences());
      out.flush();
      return summary.differences() == 0 ? ExitCode.OK : ExitCode.CHECK_FAILED;
    }
  }

  private static String text(String value) {
    return value.isEmpty() ? "nothing" : value;
  }
}
