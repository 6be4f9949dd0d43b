package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.journal.Journal;
import io.hadal.platform.journal.JournalOptions;
import io.hadal.platform.ledger.Ledger;
import io.hadal.platform.ledger.UsageStore;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerCommandTest {
  private static final String MODEL = "nano@2026-11-24";
  private static final long START = Instant.parse("2026-11-29T10:00:00Z").toEpochMilli();

  @TempDir private Path folder;

  @Test
  void pricesUsageAndMoney() throws Exception {
    String data = folder.resolve("data").toString();
    assertThat(
            hadal(
                    0,
                    "prices",
                    "--data",
                    data,
                    MODEL,
                    "--input",
                    "0.15",
                    "--cache-read",
                    "0.003",
                    "--output",
                    "0.60",
                    "--source",
                    "list",
                    "--valid-from",
                    "2026-01-01")
                .out())
        .contains("1  " + MODEL, "input 0.15, cached 0.003");
    Path file = folder.resolve("data/hadal.db");
    use(file);
    assertThat(hadal(0, "prices", "--db", file.toString()).out()).contains("(list)");
    assertThat(
            hadal(
                    3,
                    "report",
                    "--db",
                    file.toString(),
                    "--from",
                    "2030-01-01",
                    "--to",
                    "2029-01-01")
                .err())
        .contains("--to 2029-01-01", "later than --from");
    assertThat(hadal(0, "prices", "--db", file.toString(), "none").out())
        .isEqualToIgnoringNewLines("no price of none");
    assertThat(hadal(3, "prices", "--db", file.toString(), "m", "--cache-read", "1").err())
        .contains("--source");

    Invocation report =
        hadal(0, "report", "--data", data, "--by", "project,tag:feature", "--from", "2026-11-29");
    assertThat(report.out().lines().findFirst().orElseThrow()).startsWith("project  tag:feature");
    assertThat(report.out()).containsPattern("prj_1 +search +5 +4400 +90\\.9% +40 ");
    assertThat(report.out()).contains("total", "Complete up to");

    assertThat(hadal(0, "topup", "--data", data, "shop", "2.50", "--ref", "pay-1").out())
        .contains("shop has 2.499928 USD");
    assertThat(hadal(0, "topup", "--data", data, "prj_1", "2.50", "--ref", "pay-1").out())
        .contains("has 2.499928 USD");
    assertThat(hadal(3, "topup", "--data", data, "nobody", "1", "--ref", "x").err())
        .contains("project 'nobody'");
    assertThat(hadal(3, "topup", "--data", data, "shop", "1,5", "--ref", "x").err())
        .contains("must be an amount");

    Invocation export = hadal(0, "export", "--data", data, "--where", "outcome=COMPLETED");
    assertThat(export.out().lines()).hasSize(4);
    assertThat(export.err()).contains("cursor: 3");
    Path out = folder.resolve("out.jsonl");
    hadal(0, "export", "--data", data, "--format", "jsonl", "--after", "3", "-o", out.toString());
    assertThat(Files.readString(out)).contains("CRASHED").contains("SHADOW").hasLineCount(2);

    Path exports = folder.resolve("exports");
    for (int i = 0; i < 2; i++) {
      hadal(0, "export", "--data", data, "--folder", exports.toString());
      assertThat(exports.toFile().list()).containsExactly("usage-000000000001-000000000005.csv");
    }

    Path upstream = folder.resolve("up.csv");
    Files.writeString(upstream, "id,time,cost\nnone,2026-11-29T10:00:00Z,0.5\n");
    assertThat(
            hadal(1, "reconcile", "--data", data, "--backend", "local", upstream.toString()).out())
        .contains("MISSING_HERE  none", "1 lines, 0 matched");
    Invocation mistyped =
        hadal(3, "reconcile", "--data", data, "--backend", "lokal", upstream.toString());
    assertThat(mistyped.out()).isEmpty();
    assertThat(mistyped.err()).contains("'lokal'", "[local]").hasLineCount(1);

    assertThat(hadal(0, "verify", "--data", data).out()).contains("ok: ", "5 attempts, 1 prices");
    try (Database database = Database.open(DatabaseOptions.file(file))) {
      database.run(
          h -> h.execute("UPDATE ledger_balance SET balance_nano = 7 WHERE account_id = 'cash'"));
    }
    assertThat(hadal(1, "verify", "--data", data).out()).contains("FAULT in balances", "cash");
  }

  @Test
  void saysWhatIsMissing() {
    Path none = folder.resolve("none.db");
    assertThat(hadal(3, "verify", "--db", none.toString()).err()).contains("none.db", "--db");
    assertThat(Files.exists(none)).isFalse();
    assertThat(hadal(2).err()).contains("which command");
  }

  /** Three attempts that ended, and one of a process that died, brought in by the command. */
  private void use(Path file) throws Exception {
    Path journalFolder = folder.resolve("data/journal");
    Path left = folder.resolve("left");
    Files.createDirectories(left);
    try (Database database = Database.open(DatabaseOptions.file(file))) {
      database.run(
          h -> {
            h.execute("INSERT INTO org VALUES ('org_1', 'One', 'active', NULL, 1)");
            h.execute("INSERT INTO team VALUES ('team_1', 'org_1', 'Team', 1)");
            h.execute(
                "INSERT INTO project VALUES"
                    + " ('prj_1', 'org_1', 'team_1', 'shop', 'Shop', 'active', '{}', 1)");
          });
      Clock clock = Clock.systemUTC();
      PriceBook prices = new PriceBook(database, PriceBook.Unpriced.FREE, clock);
      UsageStore store = new UsageStore(database.kind(), prices, new Ledger(database, clock));
      List<String> log = new ArrayList<>();
      PriceSnapshot price = prices.at(MODEL, "prj_1", START);
      try (Journal journal =
          Journal.open(
              JournalOptions.of(journalFolder, "n1"), database, store, prices, clock, log::add)) {
        Quantities tokens = Quantities.tokens(100, 1000, 0, 10, 0);
        for (int i = 0; i < 3; i++) {
          journal.admit(work("r" + i), START, null, 50_000);
          journal.end(
              new UsageEvent(
                  work("r" + i),
                  START,
                  START + 20,
                  START + 100,
                  Outcome.COMPLETED,
                  200,
                  tokens,
                  false,
                  price.id(),
                  price.cost(tokens),
                  null,
                  null,
                  null,
                  0,
                  0));
        }
        journal.admit(work("dead"), START, null, 50_000);
        journal.checkpoint("dead", 1, tokens);
        journal.end(
            new UsageEvent(
                work("other"),
                START,
                0,
                START,
                Outcome.SHADOW,
                200,
                Quantities.NONE,
                false,
                0,
                0,
                null,
                null,
                null,
                0,
                0));
        Path segment = journalFolder.resolve("journal-000000000001.log");
        Files.copy(segment, left.resolve(segment.getFileName()));
      }
    }
    assertThat(hadal(0, "import", "--db", file.toString(), left.toString()).out())
        .contains("the database has all of it; 1 attempts had not ended");
  }

  private static Work work(String request) {
    return new Work(
        new Identity(
            "org_1", "team_1", "prj_1", "key_1", null, Set.of(), List.of(), ProjectPolicy.DEFAULT),
        request,
        1,
        "openai",
        "chat",
        "nano",
        MODEL,
        "local",
        1100,
        10,
        null,
        null,
        Map.of("feature", "search"),
        null);
  }

  private static Invocation hadal(int exitCode, String... args) {
    String[] all = new String[args.length + 1];
    all[0] = "ledger";
    System.arraycopy(args, 0, all, 1, args.length);
    Invocation done = Invocation.hadal(all);
    assertThat(done.exitCode()).as(done.err() + done.out()).isEqualTo(exitCode);
    return done;
  }
}
