package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.db.Database;
import io.hadal.platform.ledger.Fault;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.ledger.Verification;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code hadal ledger verify}: recomputes the books. */
@Command(
    name = "verify",
    description = {
      "Recomputes sums, balances, hashes and the cost of every request.",
      "Exit code 1 and the first fault when something does not fit."
    })
final class LedgerVerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption database = new DatabaseOption();

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Database open = database.open(false)) {
      Verification found = new LedgerVerifier(open).verify();
      Fault fault = found.fault();
      if (fault == null) {
        out.printf(
            "ok: %d transactions, %d attempts, %d prices%nhead: %s%n",
            found.transactions(),
            found.events(),
            found.prices(),
            found.head().isEmpty() ? "none" : found.head());
      } else {
        out.printf("FAULT in %s: %s: %s%n", fault.check(), fault.where(), fault.message());
      }
      out.flush();
      return fault == null ? ExitCode.OK : ExitCode.CHECK_FAILED;
    }
  }
}
