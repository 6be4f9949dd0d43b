package io.hadal.platform.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jdbi.v3.core.generic.GenericType;

class LedgerTest {
  private static final Quantities TOKENS = Quantities.tokens(200, 5000, 1000, 250, 50);

  @OnBothDatabases
  void moneyComesInOnceForEachRef(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Ledger ledger = new Ledger(database, Clock.systemUTC());
      Transaction first = ledger.topUp("p1", 5_000, "pay-1", "bank", "anna");
      assertThat(ledger.topUp("p1", 5_000, "pay-1", "bank", "anna").seq()).isEqualTo(first.seq());
      assertThatThrownBy(() -> ledger.topUp("p1", 6_000, "pay-1", "bank", "anna"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("used before");
      ledger.grant("p1", 1_000, "gift-1", "welcome", "anna");
      assertThat(ledger.balance("p1")).isEqualTo(new Balance(6_000, 0, 1_000, 5_000));
      ledger.refund("p1", SampleUsage.MODEL, 10, "refund-1", "slow day", "anna");
      ledger.refund("p1", null, 5, "refund-2", "sorry", "anna");
      assertThat(ledger.balance("p1").prepaid()).isEqualTo(6_015);
      ledger.adjust(
          "pay-1",
          List.of(
              new Posting(Account.prepaid("p1"), -1_000),
              new Posting(Account.prepaid("p2"), 1_000)),
          "fix-1",
          "wrong project",
          "anna");
      assertThat(ledger.balance("p1").prepaid()).isEqualTo(5_015);
      assertThat(ledger.balance("p2").prepaid()).isEqualTo(1_000);
      assertThat(ledger.list("p1", Kind.ADJUST, Long.MAX_VALUE, 10).getFirst().draft().corrects())
          .isEqualTo("pay-1");
      assertThat(ledger.list(null, null, Long.MAX_VALUE, 2))
          .extracting(t -> t.draft().ref())
          .containsExactly("fix-1", "refund-2");
      assertThatThrownBy(() -> ledger.adjust("nothing", List.of(), "fix-2", "", "anna"))
          .hasMessageContaining("no transaction");
      assertThatThrownBy(
              () ->
                  ledger.adjust(
                      "pay-1",
                      List.of(new Posting(Account.CASH, 1), new Posting(Account.GRANTS, 1)),
                      "fix-3",
                      "",
                      "anna"))
          .hasMessageContaining("sum to zero");
      assertThat(ledger.balances().values().stream().mapToLong(Long::longValue).sum()).isZero();
      assertThat(new LedgerVerifier(database).verify().fault()).isNull();
    }
  }

  @OnBothDatabases
  void correctionsReachTheBalancesOfAllProjectsAndMakeNone(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Ledger ledger = new Ledger(database, Clock.systemUTC());
      ledger.topUp("ahead", 9_000, "t1", "", "anna");
      ledger.topUp("other", 1_000, "t2", "", "anna");
      ledger.adjust(
          "t1",
          List.of(
              new Posting(Account.prepaid("ahead"), -4_000),
              new Posting(Account.prepaid("other"), 3_000),
              new Posting(Account.prepaid("later"), 1_000)),
          "a1",
          "wrong project",
          "anna");
      ledger.refund("ahead", null, 7, "r1", "", "anna");
      // It pays afterwards, and would be refused as soon as this is used up.
      ledger.refund("later", "m@1", 50, "r2", "", "anna");
      assertThat(
              database.<Map<String, Long>>read(
                  h ->
                      h.createQuery("SELECT pool, capacity FROM lease_pool")
                          .setMapKeyColumn("pool")
                          .setMapValueColumn("capacity")
                          .collectInto(new GenericType<Map<String, Long>>() {})))
          .containsOnly(
              Map.entry("budget:@balance/ahead", 5_007L),
              Map.entry("budget:@balance/other", 4_000L));
      assertThat(ledger.balance("later").prepaid()).isEqualTo(1_050);
    }
  }

  @OnBothDatabases
  void noNameMakesTheBooksUnreadable(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Ledger ledger = new Ledger(database, Clock.systemUTC());
      for (String model : List.of("", "x".repeat(600))) {
        assertThatThrownBy(() -> ledger.refund("p", model, 5, "r", "", "anna"))
            .isInstanceOf(FormatException.class);
        // As earlier versions let them in.
        ledger.post(
            new Draft(
                Kind.ADJUST,
                "old-" + model.length(),
                null,
                null,
                "",
                "anna",
                1,
                List.of(new Posting(Account.revenue(model), -5), new Posting(Account.CASH, 5))));
      }
      assertThat(ledger.list(null, null, Long.MAX_VALUE, 10)).hasSize(2);
      assertThat(new LedgerVerifier(database).verify().fault()).isNull();
    }
  }

  @OnBothDatabases
  void amountsStayNumbers(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Ledger ledger = new Ledger(database, Clock.systemUTC());
      long most = 100_000_000_000_000_000L;
      for (long amount : new long[] {most + 1, Long.MAX_VALUE}) {
        assertThatThrownBy(() -> ledger.topUp("p", amount, "big", "", "me"))
            .isInstanceOf(FormatException.class)
            .hasMessageContaining("at most 100000000 USD");
      }
      for (int i = 0; i < 40; i++) {
        ledger.topUp("p" + i, most, "r" + i, "", "me");
      }
      assertThatThrownBy(() -> ledger.topUp("p", most, "one more", "", "me"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("in cash");
      Account prepaid = Account.prepaid("p1");
      for (long amount : new long[] {Long.MIN_VALUE, Long.MAX_VALUE}) {
        assertThatThrownBy(
                () ->
                    ledger.adjust(
                        "r1",
                        List.of(
                            new Posting(prepaid, amount),
                            new Posting(Account.CASH, amount),
                            new Posting(Account.CASH, 1)),
                        "fix",
                        "",
                        "me"))
            .isInstanceOf(FormatException.class)
            .hasMessageContaining("at most");
      }
      assertThat(ledger.balance("p1").prepaid()).isEqualTo(most);
      assertThat(new LedgerVerifier(database).verify().fault()).isNull();
    }
  }

  @OnBothDatabases
  void theDatabaseRefusesWhatBreaksTheBooks(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      new Ledger(database, Clock.systemUTC()).topUp("p", 10, "r", "", "me");
      SampleUsage usage = new SampleUsage(database);
      usage.store(
          List.of(
              new Settled(
                  usage.event(SampleUsage.work("p", "q", 1), 1, Outcome.COMPLETED, TOKENS, null),
                  0)));
      for (String table :
          List.of("ledger_tx", "ledger_entry", "ledger_account", "usage_event", "price_book")) {
        assertThatThrownBy(() -> database.run(h -> h.execute("DELETE FROM " + table)))
            .as(table)
            .hasMessageContaining("append-only");
      }
      for (String change :
          List.of(
              "ledger_tx SET memo = 'x'",
              "ledger_entry SET amount_nano = 1",
              "ledger_account SET owner = 'x'",
              "usage_event SET cost_nano = 0",
              "usage_event SET key_id = 'x'",
              "usage_event SET priority_class = 'fim'")) {
        assertThatThrownBy(() -> database.run(h -> h.execute("UPDATE " + change)))
            .as(change)
            .hasStackTraceContaining("append-only");
      }
      assertThatThrownBy(
              () -> database.run(h -> h.execute("UPDATE usage_event SET end_user = 'x'")))
          .isInstanceOf(RuntimeException.class);
      // Erasing is all that may be done to what points at a person.
      database.run(h -> h.execute("UPDATE usage_event SET end_user = NULL, session = NULL"));
      assertThatThrownBy(
              () ->
                  database.run(
                      h -> {
                        h.execute("INSERT INTO ledger_entry VALUES (99, 0, 'cash', 5)");
                        h.execute("INSERT INTO ledger_entry VALUES (99, 1, 'cash', -4)");
                        h.execute(
                            "INSERT INTO ledger_tx VALUES"
                                + " (99, 'TOPUP', 'bad', NULL, NULL, '', 'me', 1, '')");
                      }))
          .hasStackTraceContaining("sum to zero");
      assertThatThrownBy(
              () ->
                  database.run(h -> h.execute("INSERT INTO ledger_entry VALUES (1, 9, 'cash', 0)")))
          .hasStackTraceContaining("closed");
      assertThatThrownBy(
              () ->
                  database.run(h -> h.execute("INSERT INTO ledger_entry VALUES (7, 0, 'cash', 1)")))
          .isInstanceOf(RuntimeException.class);
      assertThat(new LedgerVerifier(database).verify().fault()).isNull();
    }
  }

  @OnBothDatabases
  void anAttemptIsPaidOnceWhateverItsHold(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      SampleUsage usage = new SampleUsage(database);
      usage.ledger.topUp("p1", 1_000_000, "pay", "", "me");
      // 375 micro-USD each: with more held than that, less, nothing; a failure; an upstream's.
      List<Settled> all =
          List.of(
              settled(usage, "a", 1, Outcome.COMPLETED, null, 900_000),
              settled(usage, "b", 1, Outcome.LENGTH, null, 300_000),
              settled(usage, "c", 1, Outcome.COMPLETED, null, 0),
              settled(usage, "d", 1, Outcome.ERROR, null, 400_000),
              settled(usage, "e", 1, Outcome.UPSTREAM_ERROR, 77L, 400_000),
              settled(usage, "e", 2, Outcome.COMPLETED, 100_000L, 375_000));
      assertThat(usage.store(all)).isEqualTo(6);
      assertThat(usage.store(all)).isZero();
      assertThat(usage.store(List.of(all.getFirst(), all.getFirst()))).isZero();
      assertThat(usage.ledger.balance("p1"))
          .isEqualTo(new Balance(1_000_000 - 4 * 375_000, 0, 0, -500_000));
      assertThat(usage.ledger.balances())
          .containsEntry("revenue/" + SampleUsage.MODEL, 4 * 375_000L)
          .containsEntry("payable/local", 100_077L)
          .containsEntry("cost/local", -100_077L)
          .containsEntry("project/p1/held", 0L);
      assertThat(kinds(usage, "b")).containsExactly(Kind.HOLD, Kind.EXTEND, Kind.SETTLE);
      assertThat(kinds(usage, "a")).containsExactly(Kind.HOLD, Kind.SETTLE, Kind.RELEASE);
      assertThat(kinds(usage, "c")).containsExactly(Kind.SETTLE);
      assertThat(kinds(usage, "d")).containsExactly(Kind.HOLD, Kind.RELEASE);
      assertThat(new LedgerVerifier(database).verify().fault()).isNull();
    }
  }

  private static List<Kind> kinds(SampleUsage usage, String request) {
    return usage.ledger.list(null, null, Long.MAX_VALUE, 100).reversed().stream()
        .map(Transaction::draft)
        .filter(draft -> draft.ref().endsWith(":" + request + ":1"))
        .map(Draft::kind)
        .toList();
  }

  private static Settled settled(
      SampleUsage usage,
      String request,
      int attempt,
      Outcome outcome,
      @org.jspecify.annotations.Nullable Long upstream,
      long held) {
    return new Settled(
        usage.event(SampleUsage.work("p1", request, attempt), 1_000, outcome, TOKENS, upstream),
        held);
  }

  @OnBothDatabases
  void eightThreadsKeepTheBooks(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind)) {
      SampleUsage usage = new SampleUsage(database);
      int each = 10;
      try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
        List<Future<?>> running =
            java.util.stream.IntStream.range(0, 8)
                .<Future<?>>mapToObj(
                    t ->
                        threads.submit(
                            () -> {
                              for (int i = 0; i < each; i++) {
                                // Two threads bring the same attempts.
                                usage.store(
                                    List.of(
                                        settled(
                                            usage,
                                            "r" + t / 2 + "-" + i,
                                            1,
                                            Outcome.COMPLETED,
                                            null,
                                            500_000)));
                                usage.ledger.topUp("p1", 10, "pay-" + t + "-" + i, "", "me");
                              }
                            }))
                .toList();
        for (Future<?> one : running) {
          one.get();
        }
      }
      assertThat(usage.ledger.balance("p1").prepaid()).isEqualTo(80 * 10 - 40 * 375_000L);
      Verification verification = new LedgerVerifier(database).verify();
      assertThat(verification.fault()).isNull();
      assertThat(verification.events()).isEqualTo(40);
      assertThat(verification.transactions()).isEqualTo(80 + 3 * 40);
      assertThat(usage.ledger.anchor("transaction"))
          .isEqualTo(new Anchor(verification.transactions(), verification.head()));
    }
  }
}
