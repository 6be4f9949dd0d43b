package io.hadal.platform.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.lease.TestClock;
import io.hadal.platform.lease.Window;
import io.hadal.platform.ledger.SampleUsage;
import io.hadal.platform.ledger.Settled;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.metering.TestWork;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class BudgetsTest {
  private final TestClock clock = new TestClock("2026-11-29T10:00:00Z");
  private final List<BudgetAlert> alerts = new ArrayList<>();
  private final Work work = TestWork.work("p", "k", "m", 100, 100);
  private int ids;

  private Budget budget(
      LimitScope scope,
      String id,
      Window window,
      long limit,
      BudgetAction action,
      @Nullable String downgradeTo,
      boolean carry) {
    return new Budget(
        "bud_" + ids++,
        "o",
        scope,
        id,
        "b" + ids,
        window,
        ZoneId.of("Europe/Berlin"),
        limit,
        List.of(80, 100),
        action,
        downgradeTo,
        carry,
        clock.millis(),
        "test");
  }

  private Budget block(LimitScope scope, String id, Window window, long limit) {
    return budget(scope, id, window, limit, BudgetAction.BLOCK, null, false);
  }

  private Budgets open(Database database, LeaseOptions options, SettledSource source) {
    return new Budgets(database, options, clock, source, (handle, alert) -> alerts.add(alert));
  }

  private Budgets open(Database database) {
    return open(database, LeaseOptions.alone("n1"), SettledSource.NONE);
  }

  private Hold hold(Budgets budgets, long amount) {
    return Objects.requireNonNull(budgets.hold(work, clock.millis(), amount));
  }

  private Refusal refused(Budgets budgets, Work request, long amount) {
    try {
      budgets.hold(request, clock.millis(), amount);
    } catch (Refusal e) {
      return e;
    }
    throw new AssertionError("it passed");
  }

  /** A request that has a share locked waits to write, while a change has the database. */
  @OnBothDatabases
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aChangeAmongOthersDoesNotWaitForRequests(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind);
        Budgets budgets = open(database)) {
      Budget one = block(LimitScope.PROJECT, "p", Window.MONTH, 1000);
      budgets.create(one);
      hold(budgets, 1);
      AtomicReference<@Nullable Thread> request = new AtomicReference<>();
      database.<Integer>together(
          () -> {
            // Takes the lock of the pool's row, or of the only writer.
            database.run(h -> h.execute("UPDATE lease_pool SET capacity = 2000"));
            // 1500 needs another lease: that is asked for with the share's lock.
            request.set(Thread.ofPlatform().start(() -> hold(budgets, 1500)));
            pause();
            budgets.update(
                new Budget(
                    one.id(),
                    one.org(),
                    one.scope(),
                    one.scopeId(),
                    one.name(),
                    one.window(),
                    one.zone(),
                    2000,
                    one.softPercents(),
                    one.action(),
                    null,
                    false,
                    one.createdAt(),
                    one.createdBy()));
            return 0;
          });
      Objects.requireNonNull(request.get()).join();
      assertThat(budgets.shares().getFirst().ownHeld()).isEqualTo(1501);
    }
  }

  /** Until another thread waits: the one of PostgreSQL does so in the database. */
  private static void pause() {
    try {
      Thread.sleep(150);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @OnBothDatabases
  void holdsInAllBudgetsOrInNone(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Budgets budgets = open(database)) {
      assertThat(budgets.hold(work, clock.millis(), 0)).isNull();
      Hold free = hold(budgets, 5);
      assertThat(free.id()).isNull();
      free.settle(5);
      Budget project = block(LimitScope.PROJECT, "p", Window.MONTH, 1000);
      Budget key = block(LimitScope.KEY, "*", Window.DAY, 600);
      budgets.create(project);
      budgets.create(key);
      Hold first = hold(budgets, 500);
      assertThat(first.id()).startsWith("n1:");
      Refusal refusal = refused(budgets, work, 200);
      assertThat(refusal.reason()).isEqualTo(Refusal.Reason.BUDGET);
      assertThat(refusal.message())
          .isEqualTo("The budget 'b2' of this key is used up: 0.0000006 USD for the day.");
      assertThat(refusal.resetsAt()).isEqualTo(Instant.parse("2026-11-29T23:00:00Z"));
      // Nothing of the refused request is held in the other budget.
      assertThat(budgets.states(project, 10))
          .containsExactly(
              new BudgetState(
                  "p",
                  Instant.parse("2026-10-31T23:00:00Z").toEpochMilli(),
                  Instant.parse("2026-11-30T23:00:00Z").toEpochMilli(),
                  1000,
                  0,
                  0,
                  500,
                  500));
      assertThat(first.extend(100)).isTrue();
      assertThat(first.extend(1)).isFalse();
      assertThat(first.amount()).isEqualTo(600);
      first.settle(50);
      first.settle(50);
      Work other = TestWork.work("p", "k2", "m", 1, 1);
      Objects.requireNonNull(budgets.hold(other, clock.millis(), 600)).settle(600);
      assertThat(refused(budgets, work, 351).message()).contains("'b1' of this project");
      hold(budgets, 350).settle(350);
      assertThat(budgets.states(project, 10).getFirst().remaining()).isZero();
      assertThat(budgets.states(key, 10))
          .extracting(BudgetState::subject)
          .containsExactly("k", "k2");
    }
  }

  @OnBothDatabases
  void whatIsCarriedOverStaysANumber(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Budgets budgets = open(database)) {
      budgets.create(
          budget(LimitScope.PROJECT, "p", Window.DAY, Budget.MOST, BudgetAction.BLOCK, null, true));
      hold(budgets, 1).settle(1);
      clock.advance(30L * 86_400_000);
      hold(budgets, 1).settle(1);
      assertThat(budgets.left(work.identity())).isGreaterThan(Budget.MOST);
      budgets.create(block(LimitScope.KEY, "k", Window.DAY, 1000));
      hold(budgets, 300).settle(100);
      assertThat(budgets.left(work.identity())).isEqualTo(900);
      assertThat(budgets.left(TestWork.identity("p2", "k2"))).isNull();
    }
  }

  @OnBothDatabases
  void windowsBeginAnewAndCarryOver(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Budgets budgets = open(database)) {
      budgets.create(block(LimitScope.PROJECT, "p", Window.WEEK, 10_000));
      Budget daily =
          budget(LimitScope.PROJECT, "p", Window.DAY, 100, BudgetAction.BLOCK, null, true);
      budgets.create(daily);
      hold(budgets, 70).settle(60);
      Hold late = hold(budgets, 40);
      // Midnight in Berlin; what the first day has left, 0 as yet, is carried over.
      clock.set("2026-11-29T23:00:00Z");
      hold(budgets, 100).settle(100);
      refused(budgets, work, 1);
      // A request of the first day ends: it was cheaper, and the rest comes over.
      late.settle(10);
      budgets.sweep();
      clock.advance(1000);
      hold(budgets, 30).settle(30);
      refused(budgets, work, 1);
      assertThat(budgets.states(daily, 1).getFirst().carry()).isEqualTo(30);
      budgets.sweep();
      // A day nobody asks anything counts as well.
      clock.set("2026-12-01T23:30:00Z");
      hold(budgets, 200).settle(200);
      refused(budgets, work, 1);
    }
  }

  @OnBothDatabases
  void changesOfALimitHoldOnAllNodes(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    try (Database one = Database.open(options);
        Database two = Database.open(options);
        Budgets here = open(one, LeaseOptions.shared("n1"), SettledSource.NONE);
        Budgets there = open(two, LeaseOptions.shared("n2"), SettledSource.NONE)) {
      Budget budget = block(LimitScope.ORG, "o", Window.TOTAL, 1000);
      here.create(budget);
      there.sweep();
      hold(here, 400).settle(400);
      hold(there, 400).settle(400);
      Budget lower =
          new Budget(
              budget.id(),
              budget.org(),
              budget.scope(),
              budget.scopeId(),
              "lower",
              budget.window(),
              budget.zone(),
              800,
              List.of(),
              BudgetAction.BLOCK,
              null,
              false,
              budget.createdAt(),
              budget.createdBy());
      here.update(lower);
      clock.advance(3000);
      here.sweep();
      there.sweep();
      clock.advance(3000);
      there.sweep();
      assertThat(refused(here, work, 30).message()).contains("'lower'");
      assertThat(refused(there, work, 30).resetsAt()).isNull();
      here.update(budget);
      hold(here, 100).settle(100);
      there.sweep();
      clock.advance(1000);
      hold(there, 60).settle(60);
      here.delete(budget.id());
      assertThat(hold(here, 1_000_000).id()).isNull();
    }
  }

  @OnBothDatabases
  void aBudgetThatIsSetMeanwhileCountsWhatRuns(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Budgets here = open(database, LeaseOptions.shared("n1"), SettledSource.NONE);
        Budgets there = open(database, LeaseOptions.shared("n2"), SettledSource.NONE)) {
      Hold long1 = hold(here, 300);
      Hold long2 = hold(there, 200);
      Work other = TestWork.work("p2", "k2", "m", 100, 100);
      Hold others = Objects.requireNonNull(here.hold(other, clock.millis(), 5000));
      Hold yesterday =
          Objects.requireNonNull(here.hold(work, clock.millis() - 24 * 3_600_000, 5000));
      Budget budget = block(LimitScope.PROJECT, "p", Window.DAY, 1000);
      here.create(budget);
      there.reload();
      // They are in it as if it had been there.
      assertThat(here.states(budget, 1).getFirst().held()).isEqualTo(300);
      there.sweep();
      assertThat(here.states(budget, 1).getFirst().held()).isEqualTo(500);
      refused(here, work, 501);
      assertThat(long1.extend(400)).isTrue();
      assertThat(long1.extend(101)).as("a running one ends, too").isFalse();
      long1.settle(650);
      long2.settle(150);
      yesterday.settle(5000);
      others.settle(5000);
      there.sweep();
      BudgetState state = here.states(budget, 1).getFirst();
      assertThat(state.settled()).isEqualTo(800);
      assertThat(state.held()).isZero();
      Hold again = hold(here, 100);
      here.create(budget(LimitScope.TEAM, "t", Window.MONTH, 50, BudgetAction.ALERT, null, false));
      here.create(block(LimitScope.KEY, "k", Window.MONTH, 90));
      assertThat(again.extend(10)).as("more than the key's budget has").isFalse();
      again.settle(100);
      refused(here, work, 1);
    }
  }

  @OnBothDatabases
  void alertsComeOnceInAWindow(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    try (Database one = Database.open(options);
        Database two = Database.open(options);
        Budgets here = open(one, LeaseOptions.shared("n1"), SettledSource.NONE);
        Budgets there = open(two, LeaseOptions.shared("n2"), SettledSource.NONE)) {
      Budget budget =
          budget(LimitScope.PROJECT, "p", Window.DAY, 1000, BudgetAction.ALERT, null, false);
      here.create(budget);
      there.sweep();
      hold(here, 500).settle(500);
      here.sweep();
      assertThat(alerts).isEmpty();
      hold(there, 300).settle(300);
      there.sweep();
      assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(80);
      // Nothing is refused, and both nodes know of the first alert.
      hold(here, 900).settle(700);
      here.sweep();
      there.sweep();
      here.sweep();
      assertThat(alerts).extracting(BudgetAlert::percent).containsExactly(80, 100);
      assertThat(alerts.getLast().settled()).isEqualTo(1500);
      assertThat(here.alerts("o", 10)).containsExactlyInAnyOrderElementsOf(alerts);
      assertThat(here.alerts("other", 10)).isEmpty();
      clock.advance(86_400_000);
      hold(here, 800).settle(800);
      here.sweep();
      assertThat(alerts).hasSize(3);
    }
  }

  @OnBothDatabases
  void asksForACheaperModel(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Budgets budgets = open(database)) {
      budgets.create(
          budget(LimitScope.TEAM, "t", Window.TOTAL, 1000, BudgetAction.DOWNGRADE, "small", false));
      assertThat(budgets.downgrade(work.identity(), null, "m")).isNull();
      Hold running = hold(budgets, 900);
      assertThat(refused(budgets, work, 200).message())
          .endsWith("The model 'small' may still be used.");
      assertThat(budgets.downgrade(work.identity(), null, "m")).isEqualTo("small");
      assertThat(budgets.downgrade(work.identity(), null, "small")).isNull();
      Work small = TestWork.work("p", "k", "small", 1, 1);
      Objects.requireNonNull(budgets.hold(small, clock.millis(), 500)).settle(500);
      // What runs already goes on.
      assertThat(running.extend(500)).isTrue();
      running.settle(1400);
      clock.advance(60_000);
      assertThat(budgets.downgrade(work.identity(), null, "m")).isEqualTo("small");
    }
  }

  @OnBothDatabases
  void aBalanceIsPaidInAdvance(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    try (Database database = Database.open(options)) {
      try (Budgets budgets = open(database)) {
        assertThat(
                database.<Boolean>write(
                    h -> Prepaid.credit(h, "p", 1000, 0, "topup:1", clock.millis())))
            .isTrue();
        assertThat(
                database.<Boolean>write(
                    h -> Prepaid.credit(h, "p", 1000, 0, "topup:1", clock.millis())))
            .isFalse();
        budgets.reload();
        hold(budgets, 900).settle(900);
        assertThat(refused(budgets, work, 101).reason()).isEqualTo(Refusal.Reason.BALANCE);
        database.run(h -> Prepaid.credit(h, "p", 500, 1000, "topup:2", clock.millis()));
        budgets.reload();
        hold(budgets, 600).settle(600);
        refused(budgets, work, 1);
        assertThat(Objects.requireNonNull(budgets.balanceState("p")).settled()).isEqualTo(1500);
        assertThat(budgets.balanceState("p2")).isNull();
      }
      try (Budgets budgets = open(database)) {
        assertThat(refused(budgets, work, 1).reason()).isEqualTo(Refusal.Reason.BALANCE);
      }
    }
  }

  @OnBothDatabases
  void whatWasSpentBeforeTheFirstTopUpIsPaidByIt(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    try (Database database = Database.open(options)) {
      SampleUsage usage = new SampleUsage(database);
      try (Budgets budgets = open(database, LeaseOptions.alone("n1"), new UsageEvents())) {
        bill(usage, 1, null, 300);
        // A correction by hand came before, too.
        usage.ledger.refund("p", null, 20, "sorry", "", "anna");
        budgets.create(block(LimitScope.ORG, "o", Window.TOTAL, 1_000_000));
        Hold running = hold(budgets, 90);
        usage.ledger.topUp("p", 1000, "pay-1", "", "anna");
        budgets.reload();
        assertThat(refused(budgets, work, 721).reason()).isEqualTo(Refusal.Reason.BALANCE);
        Hold ahead = hold(budgets, 400);
        // What ran when the money came reaches the books behind it.
        running.settle(90);
        bill(usage, 2, running.id(), 90);
        bill(usage, 3, null, 10);
        ahead.settle(400);
        bill(usage, 4, ahead.id(), 400);
        assertThat(usage.ledger.balance("p").prepaid()).isEqualTo(220);
        assertThat(Objects.requireNonNull(budgets.balanceState("p")).remaining()).isEqualTo(220);
        hold(budgets, 5);
      }
      try (Budgets again = open(database, LeaseOptions.alone("n1"), new UsageEvents())) {
        assertThat(Objects.requireNonNull(again.balanceState("p")).remaining()).isEqualTo(220);
        refused(again, work, 221);
        hold(again, 220).settle(220);
      }
    }
  }

  private void bill(SampleUsage usage, int request, @Nullable String hold, long cost) {
    Work work = SampleUsage.work("p", "r" + request, 1);
    Ending done = Ending.local(Quantities.NONE, Outcome.COMPLETED, 200, 0, 0, 0);
    long now = clock.millis();
    assertThat(
            usage.store(
                List.of(new Settled(UsageEvent.of(work, now, now, done, 1, cost, hold), 0))))
        .isEqualTo(1);
  }

  @OnBothDatabases
  void windowsOfEndUsersAndOfBudgetsThatAreGoneAreForgotten(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        Budgets budgets = open(database)) {
      database.run(h -> Prepaid.credit(h, "p", 1000, 0, "topup:1", clock.millis()));
      Budget gone = block(LimitScope.PROJECT, "p", Window.TOTAL, 1000);
      budgets.create(gone);
      budgets.create(block(LimitScope.END_USER, "*", Window.DAY, 1000));
      budgets.create(block(LimitScope.KEY, "*", Window.DAY, 1000));
      Work user = TestWork.work(work.identity(), "m", 1, "u", 1, 1);
      Objects.requireNonNull(budgets.hold(user, clock.millis(), 10)).settle(10);
      budgets.delete(gone.id());
      for (int i = 0; i < 2; i++) {
        clock.advance(8L * 86_400_000);
        budgets.sweep();
      }
      assertThat(
              database.<List<String>>read(
                  h ->
                      h.createQuery(
                              "SELECT p.pool FROM lease_pool p LEFT JOIN lease_share s"
                                  + " ON s.pool = p.pool ORDER BY p.pool")
                          .mapTo(String.class)
                          .list()))
          .containsExactly("budget:@balance/p", "budget:bud_2/k");
    }
  }

  /** A node dies with a settled request it had not written, and a running one. */
  @OnBothDatabases
  void aCrashLosesNothing(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    long before = clock.millis();
    SettledSource source =
        (h, scope, subject, from, to, node) ->
            scope == LimitScope.PROJECT
                    && subject.equals("p")
                    && from <= before
                    && to > before
                    && (node == null || node.equals("n1"))
                ? 300
                : 0;
    Budget budget = block(LimitScope.PROJECT, "p", Window.MONTH, 1000);
    try (Database one = Database.open(options);
        Database two = Database.open(options)) {
      Budgets dying = open(one, LeaseOptions.shared("n1"), SettledSource.NONE);
      dying.create(budget);
      hold(dying, 500).settle(300);
      hold(dying, 400);
      try (Budgets other = open(two, LeaseOptions.shared("n2"), source)) {
        // What the node had leased cannot be used while it may come back.
        refused(other, work, 650);
        clock.advance(60_000);
        refused(other, work, 650);
        try (Budgets again = open(one, LeaseOptions.shared("n1"), source)) {
          assertThat(again.states(budget, 1).getFirst().settled()).isEqualTo(300);
          refused(again, work, 701);
          hold(again, 600).settle(600);
        }
        clock.advance(1000);
        hold(other, 100).settle(100);
        refused(other, work, 1);
        assertThat(other.states(budget, 1).getFirst().settled()).isEqualTo(1000);
      }
    }
  }

  @OnBothDatabases
  void aLostNodesLeasesComeBack(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    try (Database one = Database.open(options);
        Database two = Database.open(options);
        Budgets stays = open(two, LeaseOptions.shared("n2"), SettledSource.NONE)) {
      Budgets lost = open(one, LeaseOptions.shared("n1"), SettledSource.NONE);
      lost.create(block(LimitScope.PROJECT, "p", Window.MONTH, 1000));
      stays.sweep();
      hold(lost, 400).settle(400);
      lost.sweep();
      Hold running = hold(lost, 300);
      refused(stays, work, 400);
      clock.advance(301_000);
      hold(stays, 600).settle(600);
      refused(stays, work, 1);
      // It was only asleep: it holds no authority any more, and what it used is noted.
      assertThat(refused(lost, work, 1).reason()).isEqualTo(Refusal.Reason.BUDGET);
      running.settle(10);
      lost.sweep();
      assertThat(stays.states(stays.list().getFirst(), 1).getFirst().settled()).isEqualTo(1010);
    }
  }

  /** A budget that is set in the middle of a window counts what was spent before. */
  @OnBothDatabases
  void startsWithWhatWasSpent(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      // The table of usage events, as far as it is read.
      database.run(h -> h.execute("DROP TABLE IF EXISTS usage_event"));
      database.run(
          h ->
              h.execute(
                  "CREATE TABLE usage_event (org_id TEXT, team_id TEXT, project_id TEXT,"
                      + " key_id TEXT, end_user TEXT, hold_id TEXT, start_at BIGINT,"
                      + " end_at BIGINT, cost_nano BIGINT)"));
      long day = Instant.parse("2026-11-28T23:00:00Z").toEpochMilli();
      String insert = "INSERT INTO usage_event VALUES ('o','t','p','k','u',?,?,?,?)";
      database.run(
          h -> {
            h.execute(insert, "n1:1", day - 10, day + 10, 1);
            h.execute(insert, "n1:2", day, day + 10, 20);
            h.execute(insert, null, day + 5, day + 10, 300);
            h.execute(insert, "n10:1", clock.millis() - 1, clock.millis(), 4000);
          });
      UsageEvents events = new UsageEvents();
      for (LimitScope scope : LimitScope.values()) {
        String subject = Objects.requireNonNull(scope.subject(work.identity(), "u"));
        assertThat(
                database.<Long>read(
                    h -> events.settled(h, scope, subject, day, clock.millis(), null)))
            .isEqualTo(4320);
        assertThat(
                database.<Long>read(
                    h -> events.settled(h, scope, subject, day, clock.millis(), "n1")))
            .isEqualTo(20);
      }
      try (Budgets budgets = open(database, LeaseOptions.alone("n1"), events)) {
        Budget budget = block(LimitScope.PROJECT, "p", Window.DAY, 5000);
        budgets.create(budget);
        refused(budgets, work, 681);
        hold(budgets, 680).settle(680);
        assertThat(budgets.states(budget, 1).getFirst().settled()).isEqualTo(5000);
      }
      try (Budgets budgets = open(database, LeaseOptions.alone("n1"), events)) {
        refused(budgets, work, 1);
      }
    }
  }

  @Test
  void budgetsHoldWithoutTheDatabaseForSomeTime() {
    Database database = TestDatabases.open(DatabaseKind.SQLITE);
    Budgets closed = open(database);
    Budgets lenient = open(database, LeaseOptions.alone("n2").open(), SettledSource.NONE);
    closed.create(block(LimitScope.PROJECT, "p", Window.DAY, 1000));
    lenient.reload();
    hold(closed, 10).settle(10);
    database.close();
    hold(closed, 500).settle(500);
    // All of it was leased: there is no more, whatever the database would say.
    assertThat(refused(closed, work, 491).reason()).isEqualTo(Refusal.Reason.BUDGET);
    clock.advance(100_000);
    hold(closed, 90).settle(90);
    clock.advance(200_000);
    Refusal refusal = refused(closed, work, 1);
    assertThat(refusal.reason()).isEqualTo(Refusal.Reason.UNAVAILABLE);
    assertThat(refusal.retryAfterMillis()).isEqualTo(1000);
    assertThat(hold(lenient, 5000).extend(5000)).isTrue();
  }

  @Test
  void windowsFollowTheZone() {
    ZoneId berlin = ZoneId.of("Europe/Berlin");
    long now = Instant.parse("2026-10-25T12:00:00Z").toEpochMilli();
    Window.Span day = Window.DAY.at(now, berlin);
    // The clocks go back: the day has 25 hours.
    assertThat(day.end() - day.start()).isEqualTo(25 * 3_600_000L);
    assertThat(Instant.ofEpochMilli(Window.WEEK.at(now, berlin).start()))
        .isEqualTo(Instant.parse("2026-10-18T22:00:00Z"));
    assertThat(Instant.ofEpochMilli(Window.MONTH.at(now, berlin).end()))
        .isEqualTo(Instant.parse("2026-10-31T23:00:00Z"));
    assertThat(Window.TOTAL.at(now, berlin).end()).isEqualTo(Long.MAX_VALUE);
  }
}
