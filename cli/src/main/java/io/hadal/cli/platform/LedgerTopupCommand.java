package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.platform.db.Database;
import io.hadal.platform.ledger.Balance;
import io.hadal.platform.ledger.Ledger;
import io.hadal.platform.ledger.Transaction;
import io.hadal.platform.money.Usd;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal ledger topup}: money for a project. */
@Command(
    name = "topup",
    description = {
      "Adds money to a project's prepaid balance.",
      "The same --ref again has no second effect."
    })
final class LedgerTopupCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption database = new DatabaseOption();

  @Parameters(index = "0", paramLabel = "PROJECT", description = "Id or slug of the project.")
  private String project = "";

  @Parameters(index = "1", paramLabel = "USD", description = "Amount, such as 25.00.")
  private String amount = "";

  @Option(
      names = "--ref",
      required = true,
      paramLabel = "TEXT",
      description = "What is unique about it, such as the number of the payment.")
  private String ref = "";

  @Option(names = "--memo", paramLabel = "TEXT", description = "A note.")
  private String memo = "";

  @Option(names = "--grant", description = "Give the money, instead of booking a payment.")
  private boolean grant;

  @Override
  public Integer call() throws IOException {
    long nano = Usd.nano(amount, "USD " + amount);
    try (Database open = database.open(false)) {
      String id = DatabaseOption.project(open, project);
      Ledger ledger = new Ledger(open, Clock.systemUTC());
      String by = "cli:" + System.getProperty("user.name");
      Transaction done =
          open.together(
              () -> {
                Transaction made =
                    grant
                        ? ledger.grant(id, nano, ref, memo, by)
                        : ledger.topUp(id, nano, ref, memo, by);
                CommandAudit.tell(
                    open,
                    grant ? "balance.grant" : "balance.topup",
                    "projects/" + id,
                    "amount_usd",
                    Usd.text(nano),
                    "ref",
                    ref,
                    "transaction",
                    Long.toString(made.seq()));
                return made;
              });
      Balance balance = ledger.balance(id);
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          "transaction %d; %s has %s USD%n", done.seq(), project, Usd.text(balance.prepaid()));
      out.flush();
    }
    return ExitCode.OK;
  }
}
