package io.hadal.cli.platform;

import io.hadal.cli.terminal.ExitCode;
import io.hadal.formats.FormatException;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.budget.UsageEvents;
import io.hadal.platform.cluster.Nodes;
import io.hadal.platform.db.Database;
import io.hadal.platform.journal.Journal;
import io.hadal.platform.journal.JournalOptions;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.ledger.Ledger;
import io.hadal.platform.ledger.UsageStore;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.money.PriceBook;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code hadal ledger import}: the journal of a node that does not come back. */
@Command(
    name = "import",
    description = {
      "Brings the journal of a dead node into the database: what had ended is booked, what had not"
          + " is settled as crashed, and no money stays held.",
      "Its leases are given back when the folder says whose it is. Refused while that node runs;"
          + " safe to repeat."
    })
final class LedgerImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private DatabaseOption database = new DatabaseOption();

  @Parameters(paramLabel = "DIR", description = "The node's journal folder.")
  private Path folder = Path.of("");

  @Option(names = "--seconds", paramLabel = "N", description = "Longest time. Default: 600.")
  private int seconds = 600;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!Files.isDirectory(folder)) {
      throw new FormatException(folder.toString(), "is no folder");
    }
    PrintWriter out = spec.commandLine().getOut();
    try (Database open = database.open(false)) {
      Clock clock = Clock.systemUTC();
      String node = Journal.node(folder);
      if (node != null && Nodes.lives(open, node, clock)) {
        throw new FormatException(
            folder.toString(), "is the journal of '" + node + "', which runs; stop it first");
      }
      PriceBook prices = new PriceBook(open, PriceBook.Unpriced.FREE, clock);
      UsageStore store = new UsageStore(open.kind(), prices, new Ledger(open, clock));
      try (Journal journal =
          Journal.open(JournalOptions.of(folder, ""), open, store, prices, clock, out::println)) {
        boolean done = journal.flush(Duration.ofSeconds(seconds));
        CommandAudit.tell(
            open, "ledger.import", "journal", "node", String.valueOf(node), "folder", "" + folder);
        out.printf(
            "%s; %d attempts had not ended%n",
            done ? "the database has all of it" : "the database has not taken all of it",
            journal.crashed());
        if (done && node != null) {
          release(open, node, clock);
          Journal.imported(open, node);
          out.println("leases of '" + node + "' are given back");
        }
        out.flush();
        return done ? ExitCode.OK : ExitCode.CHECK_FAILED;
      }
    }
  }

  /** Does what the node would do at its next start: opening reads and recovers its leases. */
  private static void release(Database database, String node, Clock clock) {
    LeaseOptions leases = LeaseOptions.shared(node);
    try (RateLimits limits = new RateLimits(database, leases, clock);
        Budgets budgets =
            new Budgets(database, leases, clock, new UsageEvents(), (handle, alert) -> {})) {
      limits.sweep();
      budgets.sweep();
    }
  }
}
