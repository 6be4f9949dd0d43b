package io.hadal.platform.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.hadal.platform.LimitState;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.lease.TestClock;
import io.hadal.platform.metering.TestWork;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RateLimitsTest {
  private final TestClock clock = new TestClock("2026-11-29T10:00:00Z");
  private int ids;

  private Limit limit(LimitScope scope, String id, Dimension dimension, long amount) {
    return limit(scope, id, null, dimension, amount, 0);
  }

  private Limit limit(
      LimitScope scope,
      String id,
      @Nullable String model,
      Dimension dimension,
      long amount,
      int cachePermille) {
    return new Limit(
        "lim_" + ids++,
        "o",
        scope,
        id,
        model,
        dimension,
        amount,
        0,
        cachePermille,
        clock.millis(),
        "test");
  }

  private static Refusal refused(RateLimits limits, Work work, long output) {
    try {
      limits.admit(work, output);
    } catch (Refusal e) {
      return e;
    }
    throw new AssertionError("it passed");
  }

  private static void passes(RateLimits limits, Work work) {
    limits.admit(work, 0).end(Quantities.NONE, 0);
  }

  @OnBothDatabases
  void allThatMatchMustPass(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        RateLimits limits = new RateLimits(database, LeaseOptions.alone("n1"), clock)) {
      Work one = TestWork.work("p1", "k1", "m-flash", 100, 100);
      passes(limits, one);
      limits.create(limit(LimitScope.KEY, "*", null, Dimension.RPM, 20, 0));
      limits.create(limit(LimitScope.PROJECT, "p1", "m-*", Dimension.RPM, 30, 0));
      limits.create(limit(LimitScope.ORG, "o", "other*", Dimension.RPM, 1, 0));
      passes(limits, one);
      passes(limits, one);
      Refusal refusal = refused(limits, one, 0);
      assertThat(refusal.reason()).isEqualTo(Refusal.Reason.RATE_LIMIT);
      assertThat(refusal.retryAfterMillis()).isEqualTo(3000);
      assertThat(refusal.message())
          .isEqualTo(
              "Rate limit reached for m-flash: 20 requests per minute for this key."
                  + " Please try again in 3.0s.");
      // The other key has its own, but shares the project's.
      Work two = TestWork.work("p1", "k2", "m-flash", 100, 100);
      passes(limits, two);
      assertThat(refused(limits, two, 0).message())
          .contains("30 requests per minute for this project")
          .endsWith("Please try again in 2.0s.");
      passes(limits, TestWork.work("p2", "k3", "m-flash", 100, 100));

      // Another attempt at a request is no other request.
      limits.admit(TestWork.work(one.identity(), "m-flash", 2, null, 1, 1), 0);
    }
  }

  @OnBothDatabases
  void cachedTokensCountLess(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        RateLimits limits = new RateLimits(database, LeaseOptions.alone("n1"), clock)) {
      limits.create(limit(LimitScope.PROJECT, "p", null, Dimension.TPM_IN_UNCACHED, 1000, 0));
      limits.create(limit(LimitScope.PROJECT, "p", null, Dimension.TPM_TOTAL, 2000, 500));
      Work work = TestWork.work("p", "k", "m", 900, 300);
      LimitTicket ticket = limits.admit(work, 256);
      LimitState before = ticket.state(clock.millis());
      assertThat(before.tokens()).isEqualTo(1000);
      assertThat(before.tokensLeft()).isEqualTo(100);
      assertThat(before.requests()).isEqualTo(-1);
      ticket.extend(44, clock.millis());
      ticket.end(Quantities.tokens(100, 800, 0, 200, 100), clock.millis());
      assertThat(limits.whatIf(work.identity(), null, "m", 950))
          .extracting(check -> check.limit().dimension(), LimitCheck::left, LimitCheck::blocks)
          .containsExactly(
              tuple(Dimension.TPM_IN_UNCACHED, 900L, true),
              tuple(Dimension.TPM_TOTAL, 1200L, false));
      assertThat(refused(limits, TestWork.work("p", "k", "m", 950, 1), 1).message())
          .contains("uncached input tokens per minute");
    }
  }

  @OnBothDatabases
  void changesHoldAtOnce(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    try (Database one = Database.open(options);
        Database two = Database.open(options);
        RateLimits here = new RateLimits(one, LeaseOptions.alone("n1"), clock);
        RateLimits there = new RateLimits(two, LeaseOptions.alone("n2"), clock)) {
      Limit limit = limit(LimitScope.KEY, "k", Dimension.CONCURRENCY, 1);
      here.create(limit);
      there.sweep();
      Work work = TestWork.work("p", "k", "m", 1, 1);
      LimitTicket first = here.admit(work, 0);
      LimitTicket other = there.admit(work, 0);
      assertThat(refused(here, work, 0).message()).contains("1 requests at a time for this key");
      assertThat(refused(there, work, 0).retryAfterMillis()).isEqualTo(1000);
      here.update(limit.with(2, 0, 0));
      LimitTicket second = here.admit(work, 0);
      refused(here, work, 0);
      first.end(Quantities.NONE, clock.millis());
      second.end(Quantities.NONE, clock.millis());
      first.end(Quantities.NONE, clock.millis());
      assertThat(here.state(limit.id(), 10))
          .singleElement()
          .satisfies(check -> assertThat(check.left()).isEqualTo(2));
      other.end(Quantities.NONE, clock.millis());
      here.delete(limit.id());
      there.sweep();
      assertThat(here.list()).isEmpty();
      for (int i = 0; i < 5; i++) {
        here.admit(work, 0);
        there.admit(work, 0);
      }
    }
  }

  @OnBothDatabases
  void aRestartDoesNotForgetTheDay(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    clock.set("2026-11-29T23:00:00Z");
    Work work = TestWork.work("p", "k", "m", 10, 10);
    try (Database database = Database.open(options)) {
      try (RateLimits limits = new RateLimits(database, LeaseOptions.alone("n1"), clock)) {
        limits.create(limit(LimitScope.KEY, "k", Dimension.RPD, 5));
        limits.create(limit(LimitScope.KEY, "k", Dimension.TPD, 1000));
        for (int i = 0; i < 3; i++) {
          limits.admit(work, 10).end(Quantities.tokens(10, 0, 0, 20, 0), clock.millis());
        }
        limits.sweep();
      }
      try (RateLimits limits = new RateLimits(database, LeaseOptions.alone("n1"), clock)) {
        passes(limits, work);
        passes(limits, work);
        Refusal refusal = refused(limits, work, 0);
        assertThat(refusal.message()).contains("5 requests per day");
        assertThat(refusal.retryAfterMillis()).isEqualTo(3_600_000);
        assertThat(limits.whatIf(work.identity(), null, "m", 1))
            .extracting(LimitCheck::left)
            .containsExactlyInAnyOrder(0L, 1000L - 3 * 30);
        LimitTicket late = limits.admit(TestWork.work(work.identity(), "m", 2, null, 10, 10), 500);
        clock.set("2026-11-30T00:00:00Z");
        for (int i = 0; i < 5; i++) {
          passes(limits, work);
        }
        refused(limits, work, 0);
        // What of the day before was not needed is no more for this one.
        late.end(Quantities.NONE, clock.millis());
        assertThat(limits.whatIf(work.identity(), null, "m", 1))
            .extracting(LimitCheck::left)
            .containsExactlyInAnyOrder(0L, 1000L);
      }
    }
  }

  /** Three nodes, one database: the sum is the limit's, within the slices. */
  @OnBothDatabases
  void severalNodesShareARate(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    List<Database> databases = new ArrayList<>();
    List<RateLimits> nodes = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        databases.add(Database.open(options));
        nodes.add(new RateLimits(databases.get(i), LeaseOptions.shared("n" + i), clock));
      }
      long limit = 600;
      nodes.getFirst().create(limit(LimitScope.ORG, "o", Dimension.RPM, limit));
      nodes.getFirst().create(limit(LimitScope.ORG, "o", Dimension.CONCURRENCY, 7));
      nodes.forEach(RateLimits::sweep);
      Work work = TestWork.work("p", "k", "m", 1, 1);
      Random random = new Random(3);
      long admitted = 0;
      long begin = clock.millis();
      for (int tick = 0; tick < 240; tick++) {
        for (RateLimits node : nodes) {
          try {
            LimitTicket ticket = node.admit(work, 0);
            admitted++;
            ticket.end(Quantities.NONE, clock.millis());
          } catch (Refusal e) {
            assertThat(e.message()).contains("600 requests per minute");
          }
        }
        clock.advance(100 + random.nextInt(201));
        if (tick % 10 == 0) {
          nodes.forEach(RateLimits::sweep);
        }
      }
      double minutes = (clock.millis() - begin) / 60_000.0;
      // Beyond the rate: the burst at the beginning, and a slice of each node.
      assertThat((double) admitted)
          .isBetween(limit * minutes * 0.98, limit * minutes + limit / 10.0 + 3);
    } finally {
      nodes.forEach(RateLimits::close);
      databases.forEach(Database::close);
    }
  }

  @OnBothDatabases
  void severalNodesShareWhatRuns(DatabaseKind kind) {
    DatabaseOptions options = TestDatabases.fresh(kind);
    try (Database one = Database.open(options);
        Database two = Database.open(options);
        RateLimits here = new RateLimits(one, LeaseOptions.shared("n1"), clock)) {
      RateLimits lost = new RateLimits(two, LeaseOptions.shared("n2"), clock);
      here.create(limit(LimitScope.PROJECT, "p", Dimension.CONCURRENCY, 5));
      lost.sweep();
      Work work = TestWork.work("p", "k", "m", 1, 1);
      List<LimitTicket> mine = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        mine.add(here.admit(work, 0));
        if (i < 2) {
          lost.admit(work, 0);
        }
      }
      assertThat(refused(here, work, 0).message()).contains("5 requests at a time");
      assertThat(refused(lost, work, 0).message()).contains("5 requests at a time");
      // The other node falls silent: five seconds later its requests are over.
      for (int i = 0; i < 6; i++) {
        clock.advance(1000);
        here.sweep();
      }
      mine.add(here.admit(work, 0));
      mine.add(here.admit(work, 0));
      refused(here, work, 0);
      mine.forEach(ticket -> ticket.end(Quantities.NONE, clock.millis()));
      // Subjects that do not come again leave no rows; who comes again finds all of the limit.
      here.sweep();
      for (int i = 0; i < 2; i++) {
        clock.advance(49 * 3_600_000L);
        here.sweep();
      }
      for (String table : List.of("lease_pool", "lease_share")) {
        assertThat(
                one.<Integer>read(
                    h -> h.createQuery("SELECT count(*) FROM " + table).mapTo(Integer.class).one()))
            .isZero();
      }
      for (int i = 0; i < 5; i++) {
        here.admit(work, 0);
      }
      refused(here, work, 0);
    }
  }

  @Test
  void limitsHoldWithoutTheDatabase() {
    Database database = TestDatabases.open(DatabaseKind.SQLITE);
    RateLimits limits = new RateLimits(database, LeaseOptions.alone("n1"), clock);
    limits.create(limit(LimitScope.KEY, "k", Dimension.RPM, 10));
    limits.create(limit(LimitScope.KEY, "k", Dimension.RPD, 100));
    database.close();
    Work work = TestWork.work("p", "k", "m", 1, 1);
    passes(limits, work);
    refused(limits, work, 0);
    assertThatThrownBy(limits::sweep).isInstanceOf(RuntimeException.class);
  }
}
