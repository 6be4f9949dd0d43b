package io.hadal.platform.metering;

import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.budget.SettledSource;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.Dimension;
import io.hadal.platform.limits.Limit;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.UsageJournal;
import io.hadal.platform.usage.Work;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prints what an admission and an end cost without a journal, in microseconds. */
public final class GateCost {
  private static final int ROUNDS = 12;
  private static final int REQUESTS = 50_000;

  private GateCost() {}

  public static void main(String[] args) {
    Clock clock = Clock.systemUTC();
    UsageJournal none =
        new UsageJournal() {
          @Override
          public void admit(Work work, long start, @Nullable String holdId, long held) {}

          @Override
          public void checkpoint(String requestId, int attempt, Quantities soFar) {}

          @Override
          public boolean ended(String requestId, int attempt) {
            return false;
          }

          @Override
          public void end(UsageEvent event) {}
        };
    PriceSnapshot price =
        new PriceSnapshot(1, 1_000_000, 100_000, 1_000_000, 2_000_000, 2_000_000, 0, 0, 0);
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      RateLimits limits = new RateLimits(database, LeaseOptions.alone("n"), clock);
      Budgets budgets =
          new Budgets(
              database, LeaseOptions.alone("n"), clock, SettledSource.NONE, (handle, alert) -> {});
      int id = 0;
      for (Dimension dimension :
          List.of(Dimension.CONCURRENCY, Dimension.RPM, Dimension.TPM_TOTAL)) {
        for (LimitScope scope : List.of(LimitScope.KEY, LimitScope.PROJECT)) {
          limits.create(
              new Limit(
                  "l" + id++, "o", scope, "*", null, dimension, 100_000_000, 0, 0, 0, "test"));
        }
      }
      for (LimitScope scope : List.of(LimitScope.KEY, LimitScope.PROJECT, LimitScope.ORG)) {
        budgets.create(
            new Budget(
                "b" + id++,
                "o",
                scope,
                "*",
                "b",
                Window.MONTH,
                ZoneOffset.UTC,
                Budget.MOST / 1000,
                List.of(),
                BudgetAction.BLOCK,
                null,
                false,
                0,
                "test"));
      }
      try (Metering metering =
          new Metering(
              limits,
              budgets,
              (v, p, t) -> price,
              none,
              Charging.FAULTS_FREE,
              clock,
              Duration.ofHours(1))) {
        Ending ending =
            Ending.local(Quantities.tokens(10, 90, 0, 20, 0), Outcome.COMPLETED, 200, 0, 0, 0);
        Work work = TestWork.work("p", "k", "m", 100, 100);
        for (int round = 0; round < ROUNDS; round++) {
          long begin = System.nanoTime();
          for (int i = 0; i < REQUESTS; i++) {
            metering.admit(work).end(ending);
          }
          System.out.printf(
              "%.2f us, 6 limits, 3 budgets%n", (System.nanoTime() - begin) / 1e3 / REQUESTS);
        }
      }
    }
  }
}
