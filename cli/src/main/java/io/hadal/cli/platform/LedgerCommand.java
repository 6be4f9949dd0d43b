package io.hadal.cli.platform;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal ledger}: usage, prices and money. */
@Command(
    name = "ledger",
    description = "Usage, prices and the ledger of 'hadal serve'.",
    subcommands = {
      LedgerVerifyCommand.class,
      LedgerReportCommand.class,
      LedgerExportCommand.class,
      LedgerTopupCommand.class,
      LedgerPricesCommand.class,
      LedgerReconcileCommand.class,
      LedgerImportCommand.class
    })
public final class LedgerCommand implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? See --help");
  }
}
