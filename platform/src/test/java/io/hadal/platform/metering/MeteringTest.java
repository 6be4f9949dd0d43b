package io.hadal.platform.metering;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.platform.Refusal;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.budget.BudgetState;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.lease.TestClock;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.Dimension;
import io.hadal.platform.limits.Limit;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MeteringTest {
  private static final PriceSnapshot PRICE =
      new PriceSnapshot(7, 1_000_000, 100_000, 1_000_000, 2_000_000, 3_000_000, 0, 0, 0);

  private final TestClock clock = new TestClock("2026-11-29T10:00:00Z");
  private final MemoryJournal journal = new MemoryJournal();
  private final Database database = TestDatabases.open(DatabaseKind.SQLITE);
  private final RateLimits limits = new RateLimits(database, LeaseOptions.alone("n1"), clock);
  private final Budgets budgets =
      new Budgets(database, LeaseOptions.alone("n1"), clock, journal, (handle, alert) -> {});
  private PriceSnapshot price = PRICE;
  private final Metering metering =
      new Metering(
          limits,
          budgets,
          (version, project, when) -> price,
          journal,
          Charging.FAULTS_FREE,
          clock,
          Duration.ofMinutes(30));
  private final Budget budget = budget(Window.TOTAL, 4_000_000, false);

  @AfterEach
  void close() {
    metering.close();
    database.close();
  }

  private static Budget budget(Window window, long amount, boolean carryOver) {
    return new Budget(
        "b",
        "o",
        LimitScope.PROJECT,
        "p",
        "b",
        window,
        ZoneOffset.UTC,
        amount,
        List.of(),
        BudgetAction.BLOCK,
        null,
        carryOver,
        0,
        "test");
  }

  private static Work work(long prompt, long output) {
    return TestWork.work("p", "k", "m", prompt, output);
  }

  private static Ending ending(Quantities took, Outcome outcome) {
    return Ending.local(took, outcome, 200, 0, 3, 4);
  }

  private BudgetState state() {
    return budgets.states(budget, 1).getFirst();
  }

  private void limit(Dimension dimension, long amount) {
    limits.create(
        new Limit(
            "lim_" + dimension,
            "o",
            LimitScope.KEY,
            "k",
            null,
            dimension,
            amount,
            0,
            0,
            0,
            "test"));
  }

  @Test
  void holdsForAllThatIsKnownToCome() {
    budgets.create(budget);
    price = new PriceSnapshot(7, 1_000_000, 0, 0, 2_000_000, 2_000_000, 500_000_000, 9_000_000, 0);
    Metered images = metering.admit(work(0, 0).withAhead(new Work.Ahead(0, 7, 0)));
    assertThat(state().held()).isEqualTo(7 * 500_000 + 1);
    // Two at once would be beyond the limit.
    assertThatThrownBy(() -> metering.admit(work(0, 0).withAhead(new Work.Ahead(0, 7, 0))))
        .isInstanceOf(Refusal.class);
    images.end(ending(Quantities.NONE, Outcome.UPSTREAM_ERROR));
    Metered video = metering.admit(work(0, 0).withAhead(new Work.Ahead(0, 0, 8)));
    assertThat(state().held()).isEqualTo(8 * 9_000 + 1);
    video.end(ending(Quantities.NONE, Outcome.UPSTREAM_ERROR));
    // An answer that comes as a whole cannot be ended in the middle.
    Metered whole = metering.admit(work(0, 100_000).withAhead(new Work.Ahead(200, 0, 0)));
    assertThat(state().held()).isEqualTo(256 * 2000 + 1);
    whole.end(ending(Quantities.NONE, Outcome.ERROR));
    assertThatThrownBy(() -> metering.admit(work(0, 100_000).withAhead(new Work.Ahead(2100, 0, 0))))
        .isInstanceOf(Refusal.class);
  }

  /** A routed answer whose length nobody said, behind a prompt that nobody counted. */
  @Test
  void holdsForWhatNobodySaidAsLongAsThereIsMoney() {
    price = new PriceSnapshot(7, 1_000_000, 0, 0, 2_000_000, 2_000_000, 0, 0, 0);
    budgets.create(budget);
    Work unknown = work(100, 4000).withAhead(new Work.Ahead(400, 1000, 300, 0, 0));
    long all = 400_000 + 1000 * 2000 + 1;
    Metered first = metering.admit(unknown);
    assertThat(state().held()).isEqualTo(all);
    // The second gets the rest, and nobody anything beyond it.
    Metered second = metering.admit(unknown.withAttempt(2));
    assertThat(state().held()).isEqualTo(4_000_000);
    assertThatThrownBy(() -> metering.admit(unknown.withAttempt(3)))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.message()).contains("is used up", "max_tokens"));
    first.end(ending(Quantities.tokens(400, 0, 0, 1000, 0), Outcome.COMPLETED));
    second.end(ending(Quantities.tokens(100, 0, 0, 100, 0), Outcome.COMPLETED));
    assertThat(state().settled()).isEqualTo(2_400_000 + 300_000);
    // With less than the least it is refused.
    metering.admit(work(600, 0));
    assertThat(state().remaining()).isLessThan(100_000 + 300 * 2000);
    assertThatThrownBy(() -> metering.admit(unknown.withAttempt(4))).isInstanceOf(Refusal.class);
  }

  @Test
  void whatIsBookedAfterwardsCountsAlsoBeyondABudget() {
    budgets.create(budget);
    Ending done = ending(Quantities.tokens(0, 0, 0, 1500, 0), Outcome.COMPLETED);
    metering.book(work(0, 1500), clock.millis(), done);
    metering.book(work(0, 1500), clock.millis(), done);
    assertThat(state().settled()).isEqualTo(6_000_000);
    assertThatThrownBy(() -> metering.admit(work(1, 1))).isInstanceOf(Refusal.class);
  }

  /** A job that outlived its process, over midnight. */
  @Test
  void whatIsBookedAfterwardsCountsOnceInTheWindowOfItsStart() {
    Budget daily = budget(Window.DAY, 1_000_000, true);
    budgets.create(daily);
    Work job = work(0, 300);
    long start = clock.millis();
    clock.advance(86_400_000);
    // The window of its start has no row and no share here; then that of today is in use.
    Ending done = ending(Quantities.tokens(0, 0, 0, 300, 0), Outcome.COMPLETED);
    metering.book(job, start, done);
    metering.book(job, start, done);
    metering.admit(work(0, 100)).end(ending(Quantities.tokens(0, 0, 0, 50, 0), Outcome.COMPLETED));
    metering.book(work(0, 300), start, done);
    metering.book(work(0, 300), start, done);
    BudgetState today = budgets.states(daily, 1).getFirst();
    assertThat(today.settled()).isEqualTo(100_000);
    // It was overdrawn: nothing of that day is left for this one.
    assertThat(today.carry()).isBetween(-800_000L, 400_000L);
    assertThat(
            database.<List<Long>>read(
                h ->
                    h.createQuery("SELECT settled FROM lease_share ORDER BY window_start")
                        .mapTo(Long.class)
                        .list()))
        .containsExactly(1_800_000L, 100_000L);
  }

  @Test
  void theOperatorDecidesWhoPaysForFaults() {
    budgets.create(budget);
    Quantities took = Quantities.tokens(10, 0, 0, 5, 0);
    Metering paid =
        new Metering(
            limits,
            budgets,
            (version, project, when) -> price,
            journal,
            Charging.FAULTS_DELIVERED,
            clock,
            Duration.ofMinutes(30));
    for (Outcome outcome : new Outcome[] {Outcome.ERROR, Outcome.DRAINED}) {
      Metered free = metering.admit(work(10, 100));
      assertThat(free.end(ending(took, outcome))).isZero();
      Metered delivered = paid.admit(work(10, 100));
      assertThat(delivered.end(ending(took, outcome))).isEqualTo(10_000 + 5 * 2000);
      assertThat(delivered.cost()).isEqualTo(20_000);
      assertThat(paid.admit(work(10, 100)).end(ending(Quantities.tokens(10, 0, 0, 0, 0), outcome)))
          .isZero();
    }
    assertThat(state().settled()).isEqualTo(40_000);
  }

  @Test
  void holdsExtendsAndSettles() {
    budgets.create(budget);
    limit(Dimension.TPM_OUT, 10_000);
    Metered metered = metering.admit(work(100, 1000));
    // 100 of the prompt, 256 of the answer at the price of reasoning, and what is rounded away.
    assertThat(state().held()).isEqualTo(100_000 + 256 * 3000 + 1);
    assertThat(metered.limits().tokensLeft()).isEqualTo(10_000 - 256);
    for (int i = 1; i <= 400; i++) {
      assertThat(metered.produced(Quantities.tokens(50, 50, 0, i, 0))).isTrue();
    }
    assertThat(state().held()).isGreaterThan(400 * 2000 + 55_000).isLessThan(2_000_000);
    assertThat(metered.limits().tokensLeft()).isEqualTo(10_000 - 512);
    // Prices change while it runs: its own stay.
    price = PriceSnapshot.FREE;
    long cost = metered.end(ending(Quantities.tokens(50, 50, 0, 300, 100), Outcome.COMPLETED));
    assertThat(cost).isEqualTo(50_000 + 5_000 + 600_000 + 300_000);
    assertThat(metered.end(ending(Quantities.NONE, Outcome.ERROR))).isEqualTo(cost);
    assertThat(metered.produced(Quantities.NONE)).isFalse();
    assertThat(state().settled()).isEqualTo(cost);
    assertThat(state().held()).isZero();
    assertThat(metered.limits().tokensLeft()).isEqualTo(10_000 - 400);
    assertThat(journal.events()).hasSize(1);
    UsageEvent event = journal.events().iterator().next();
    assertThat(event.cost()).isEqualTo(cost);
    assertThat(event.priceBook()).isEqualTo(7);
    assertThat(event.holdId()).startsWith("n1:");
    assertThat(event.queueMillis()).isEqualTo(3);
  }

  /** Also one of an upstream that does not care how long it should be. */
  @ParameterizedTest
  @ValueSource(longs = {5000, 1})
  void endsAnAnswerWhoseBudgetIsUsedUp(long asked) {
    budgets.create(budget);
    Metered metered = metering.admit(work(1000, asked));
    long produced = 0;
    while (produced < 5000 && metered.produced(Quantities.tokens(1000, 0, 0, produced + 1, 0))) {
      produced++;
    }
    // The last token that was paid for, and the one that was not.
    long cost =
        metered.end(
            ending(Quantities.tokens(1000, 0, 0, produced + 1, 0), Outcome.BUDGET_EXHAUSTED));
    assertThat(cost).isBetween(4_000_000L - 55_000, 4_000_000L);
    assertThatThrownBy(() -> metering.admit(work(1000, 10)))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.BUDGET));
  }

  @Test
  void chargesByOutcome() {
    budgets.create(budget);
    Quantities took = Quantities.tokens(10, 0, 0, 5, 0);
    for (Outcome outcome : Outcome.values()) {
      long cost = metering.admit(work(10, 10)).end(ending(took, outcome));
      assertThat(cost).as(outcome.name()).isEqualTo(outcome.charged() ? 20_000 : 0);
    }
    assertThat(state().settled()).isEqualTo(journal.cost());
  }

  @Test
  void aRefusedRequestTakesNothing() {
    budgets.create(budget);
    limit(Dimension.RPM, 10);
    assertThatThrownBy(() -> metering.admit(work(1_000_000, 1))).isInstanceOf(Refusal.class);
    journal.fails = true;
    assertThatThrownBy(() -> metering.admit(work(1, 1))).isInstanceOf(IllegalStateException.class);
    journal.fails = false;
    Metered metered = metering.admit(work(1, 1));
    assertThat(state().held()).isEqualTo(1000 + 3000 + 1);
    assertThatThrownBy(() -> metering.admit(work(1, 1)))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.message()).endsWith("Please try again in 6.0s."));
    // The journal fails at the end: the money is free, and the caller is told.
    journal.fails = true;
    assertThatThrownBy(() -> metered.end(ending(Quantities.NONE, Outcome.COMPLETED)))
        .isInstanceOf(IllegalStateException.class);
    assertThat(state().held()).isZero();
    assertThat(metering.active()).isZero();
  }

  @Test
  void writesCheckpoints() {
    Metered metered = metering.admit(work(10, 5000));
    for (int i = 1; i <= 1100; i++) {
      metered.produced(Quantities.tokens(10, 0, 0, i, 0));
    }
    assertThat(journal.checkpoints).extracting(Quantities::output).containsExactly(512L, 1024L);
    clock.advance(2000);
    metered.produced(Quantities.tokens(10, 0, 0, 1101, 0));
    assertThat(journal.checkpoints).hasSize(3);
    metered.end(ending(Quantities.NONE, Outcome.ERROR));
  }

  @Test
  void holdsAsMuchAsAnswersNeed() {
    for (int i = 0; i < 20; i++) {
      metering
          .admit(work(1, 2000))
          .end(ending(Quantities.tokens(0, 0, 0, i == 0 ? 1900 : 600, 0), Outcome.COMPLETED));
    }
    budgets.create(budget);
    Metered metered = metering.admit(work(0, 2000));
    assertThat(state().held()).isBetween(600 * 3000L, 750 * 3000L);
    metered.end(ending(Quantities.NONE, Outcome.ERROR));
  }

  @Test
  void figuresOfAProjectHoldWhatRunsAndWhatIsOver() {
    Metered first = metering.admit(work(10, 10));
    Metered second = metering.admit(work(10, 10));
    Metered other = metering.admit(TestWork.work("q", "k2", "m", 10, 10));
    second.produced(Quantities.tokens(6, 4, 0, 3, 2));
    assertThat(metering.figures("p")).isEqualTo(new ProjectFigures(2, 2, 10, 4, 5));
    first.end(ending(Quantities.tokens(1, 2, 4, 8, 16), Outcome.COMPLETED));
    assertThat(metering.figures("p")).isEqualTo(new ProjectFigures(1, 2, 17, 6, 29));
    assertThat(metering.figures("q")).isEqualTo(new ProjectFigures(1, 1, 0, 0, 0));
    second.end(ending(Quantities.tokens(6, 4, 0, 4, 2), Outcome.COMPLETED));
    other.end(ending(Quantities.tokens(100, 0, 0, 100, 0), Outcome.COMPLETED));
    assertThat(metering.figures("p")).isEqualTo(new ProjectFigures(0, 2, 17, 6, 30));
    assertThat(metering.figures("r")).isEqualTo(ProjectFigures.NONE);
  }

  @Test
  void figuresNeverGoBack() throws Exception {
    price = PriceSnapshot.FREE;
    // Others make the look longer.
    List<Metered> idle = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      idle.add(metering.admit(TestWork.work("q", "k2", "m", 0, 5)));
    }
    Quantities took = Quantities.tokens(0, 0, 0, 5, 0);
    Thread other =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < 3000; i++) {
                    Metered one = metering.admit(work(0, 5));
                    one.produced(took);
                    one.end(ending(took, Outcome.COMPLETED));
                  }
                });
    long most = 0;
    while (other.isAlive()) {
      long now = metering.figures("p").output();
      assertThat(now).isGreaterThanOrEqualTo(most);
      most = now;
    }
    other.join();
    assertThat(metering.figures("p").output()).isEqualTo(15_000);
    idle.forEach(one -> one.end(ending(Quantities.NONE, Outcome.COMPLETED)));
  }

  @Test
  void whatIsDroppedIsEndedAndCounted() throws Exception {
    budgets.create(budget);
    metering.admit(work(10, 10)).produced(Quantities.tokens(10, 0, 0, 3, 0));
    for (int i = 0; i < 50 && metering.leaked() == 0; i++) {
      System.gc();
      Thread.sleep(20);
      metering.sweep();
    }
    assertThat(metering.leaked()).isEqualTo(1);
    assertThat(metering.active()).isZero();
    UsageEvent event = journal.events().iterator().next();
    assertThat(event.outcome()).isEqualTo(Outcome.ERROR);
    assertThat(event.quantities().output()).isEqualTo(3);
    assertThat(event.cost()).isZero();
    assertThat(state().held()).isZero();
  }
}
