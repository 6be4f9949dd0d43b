package io.hadal.platform.money;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.Outage;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PricesTest {
  private static final long MONDAY = Instant.parse("2026-11-23T00:00:00Z").toEpochMilli();
  private static final long HOUR = 3_600_000;

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "499, 0",
    "500, 0",
    "501, 1",
    "999, 1",
    "1000, 1",
    "1499, 1",
    "1500, 2",
    "1501, 2",
    "2500, 2",
    "3500, 4",
    "150000000, 150000"
  })
  void roundsHalfEvenOnce(long pico, long nano) {
    PriceSnapshot price = UnitPrices.flat(pico).snapshot(1);
    assertThat(price.cost(Quantities.NONE)).isEqualTo(nano);
  }

  @Test
  void roundsTheSumNotItsParts() {
    // Three parts of 0.4 nano-USD each: 1.2, not 0.
    PriceSnapshot price = UnitPrices.tokens(400, 400, 400, 0).snapshot(1);
    assertThat(price.cost(Quantities.tokens(1, 1, 1, 0, 0))).isEqualTo(1);
  }

  @Test
  void largeSumsAreExact() {
    PriceSnapshot price = UnitPrices.tokens(1_000_000_000_000L, 0, 0, 1).snapshot(1);
    assertThat(price.cost(Quantities.tokens(9_000_000_000L, 0, 0, 500, 0)))
        .isEqualTo(9_000_000_000_000_000_000L);
    assertThatThrownBy(() -> price.cost(Quantities.tokens(10_000_000_000L, 0, 0, 0, 0)))
        .isInstanceOf(ArithmeticException.class);
  }

  /** The vector of api.md 2.2, at 0.15, 0.003, 0.15 and 0.60 USD a million tokens. */
  @Test
  void theWorkedVectorCountsEachTokenOnce() {
    PriceSnapshot price = UnitPrices.tokens(150_000, 3_000, 150_000, 600_000).snapshot(1);
    Quantities q = Quantities.tokens(200, 5000, 1000, 250, 50);
    assertThat(q.input()).isEqualTo(6200);
    assertThat(q.output()).isEqualTo(300);
    // 30 + 15 + 150 + 150 + 30 micro-USD.
    assertThat(price.cost(q)).isEqualTo(375_000);
  }

  @ParameterizedTest
  @EnumSource(Outcome.class)
  void theOutcomeDecidesWhoPays(Outcome outcome) {
    PriceSnapshot price = UnitPrices.tokens(1000, 1000, 1000, 1000).snapshot(1);
    Quantities q = Quantities.tokens(10, 0, 0, 5, 0);
    long paid =
        switch (outcome) {
          case COMPLETED, LENGTH, CLIENT_LEFT, BUDGET_EXHAUSTED, UPSTREAM_CUT -> 15;
          case CLIENT_LEFT_QUEUED, ERROR, DRAINED, CRASHED, UPSTREAM_ERROR, SHADOW -> 0;
        };
    assertThat(Charging.cost(outcome, price, q)).isEqualTo(paid);
    boolean fault =
        outcome == Outcome.ERROR || outcome == Outcome.DRAINED || outcome == Outcome.CRASHED;
    assertThat(Charging.FAULTS_DELIVERED.costOf(outcome, price, q)).isEqualTo(fault ? 15 : paid);
    assertThat(
            Charging.FAULTS_DELIVERED.costOf(
                Outcome.CRASHED, price, Quantities.tokens(10, 0, 0, 0, 0)))
        .isZero();
  }

  @Test
  void amountsAsText() {
    assertThat(Usd.text(1)).isEqualTo("0.000000001");
    assertThat(Usd.text(-1_500_000_000)).isEqualTo("-1.5");
    assertThat(Usd.text(20_000_000_000L)).isEqualTo("20");
    assertThat(Usd.text(0)).isEqualTo("0");
    assertThat(Usd.nano("0.000000001", "x")).isEqualTo(1);
    assertThat(Usd.picoOfMillion("0.15", "x")).isEqualTo(150_000);
    assertThat(Usd.pico("0.02", "x")).isEqualTo(20_000_000_000L);
    assertThat(Usd.perMillion(150_000)).isEqualTo("0.15");
    assertThatThrownBy(() -> Usd.nano("0.0000000001", "amount"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("amount");
    assertThatThrownBy(() -> Usd.nano("1e3", "amount")).isInstanceOf(FormatException.class);
    assertThatThrownBy(() -> Usd.pico("-1", "price")).hasMessageContaining("negative");
  }

  @Test
  void windowsHoldInTheirHours() {
    UnitPrices base = UnitPrices.tokens(100, 10, 100, 200);
    Schedule schedule =
        Schedule.parse(
            """
            [{"name":"off-peak","days":["mon"],"from":"16:30","to":"00:30","prices":{"input":50}},
             {"name":"lunch","from":"12:00","to":"13:00","prices":{"output":1,"reasoning":2}}]
            """,
            base,
            "test");
    assertThat(schedule.at(MONDAY + 16 * HOUR, base)).isEqualTo(base);
    assertThat(schedule.at(MONDAY + 16 * HOUR + HOUR / 2, base).input()).isEqualTo(50);
    assertThat(schedule.at(MONDAY + 16 * HOUR + HOUR / 2, base).cacheRead()).isEqualTo(10);
    assertThat(schedule.at(MONDAY + 24 * HOUR + HOUR / 2 - 1, base).input()).isEqualTo(50);
    assertThat(schedule.at(MONDAY + 24 * HOUR + HOUR / 2, base)).isEqualTo(base);
    // Tuesday's night is no window of Monday.
    assertThat(schedule.at(MONDAY + 41 * HOUR, base)).isEqualTo(base);
    assertThat(schedule.at(MONDAY + 5 * 24 * HOUR + 12 * HOUR, base).reasoning()).isEqualTo(2);
    assertThat(Schedule.parse(schedule.text(), base, "test")).isEqualTo(schedule);
    assertThatThrownBy(() -> Schedule.parse("[{\"from\":\"25:00\"}]", base, "here"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("here");
  }

  @OnBothDatabases
  void theBookKnowsEachMoment(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Clock clock = Clock.fixed(Instant.ofEpochMilli(5_000), ZoneOffset.UTC);
      PriceBook book = new PriceBook(database, PriceBook.Unpriced.REFUSED, clock);
      book.add(price("m@1", null, 1_000, null, UnitPrices.tokens(10, 1, 10, 20)));
      book.add(price("m@1", null, 2_000, 3_000L, UnitPrices.tokens(5, 1, 5, 10)));
      book.add(price("m@1", "p1", 1_500, null, UnitPrices.flat(7_000)));
      assertThat(book.at("m@1", "other", 1_000).input()).isEqualTo(10);
      assertThat(book.at("m@1", "other", 2_999).input()).isEqualTo(5);
      assertThat(book.at("m@1", "other", 3_000).input()).isEqualTo(10);
      PriceSnapshot flat = book.at("m@1", "p1", 2_000);
      assertThat(flat.id()).isEqualTo(3);
      assertThat(flat.cost(Quantities.tokens(1_000_000, 0, 0, 5_000, 0))).isEqualTo(7);
      assertThatThrownBy(() -> book.at("m@1", "other", 999))
          .isInstanceOfSatisfying(
              Refusal.class,
              e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.MODEL_NOT_ALLOWED));
      // A correction is another row with the same beginning.
      book.add(price("m@1", null, 1_000, null, UnitPrices.tokens(11, 1, 11, 20)));
      assertThat(book.at("m@1", "other", 1_000).input()).isEqualTo(11);
      book.add(price(Price.ANY_MODEL, null, 0, null, UnitPrices.tokens(1, 1, 1, 1)));
      assertThat(book.at("unknown", "other", 1_000).id()).isEqualTo(5);
      assertThat(book.at("m@1", "other", 1_000).input()).isEqualTo(11);
      assertThat(book.list("m@1", null, 1, 10)).extracting(Price::id).containsExactly(2L, 3L, 4L);
      assertThat(
              new PriceBook(database, PriceBook.Unpriced.FREE, clock)
                  .at("nothing", "p9", -1)
                  .cost(Quantities.tokens(5, 5, 5, 5, 5)))
          .isZero();
      assertThatThrownBy(() -> database.run(h -> h.execute("UPDATE price_book SET source = 'x'")))
          .hasMessageContaining("append-only");
      assertThatThrownBy(() -> database.run(h -> h.execute("DELETE FROM price_book")))
          .hasMessageContaining("append-only");
      assertThatThrownBy(() -> book.add(price("m", null, 5, 5L, UnitPrices.FREE)))
          .hasMessageContaining("valid_to");
    }
  }

  @Test
  void goesOnWithoutTheDatabase() {
    long[] now = {1_000_000};
    Clock clock = new TestClock(now);
    Database database = TestDatabases.open(DatabaseKind.SQLITE);
    PriceBook book = new PriceBook(database, PriceBook.Unpriced.FREE, clock);
    book.add(price("m", null, 0, null, UnitPrices.tokens(3, 3, 3, 3)));
    assertThat(book.at("m", "p", now[0]).input()).isEqualTo(3);
    database.close();
    now[0] += PriceBook.FRESH_MILLIS + 1;
    assertThat(book.at("m", "p", now[0]).input()).isEqualTo(3);
    now[0] += Outage.DEFAULT.seconds() * 1000L;
    assertThatThrownBy(() -> book.at("m", "p", now[0]))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.UNAVAILABLE));
  }

  /** Requests ask nobody: neither when nothing is known of a model nor when rows are old. */
  @Test
  void noRequestWaitsForASlowDatabase() throws Exception {
    try (Database database = TestDatabases.open(DatabaseKind.POSTGRESQL);
        PriceBook book = new PriceBook(database, PriceBook.Unpriced.FREE, Clock.systemUTC());
        Connection other = database.connect()) {
      book.add(price("m", null, 0, null, UnitPrices.tokens(3, 3, 3, 3)));
      book.start();
      other.setAutoCommit(false);
      try (Statement statement = other.createStatement()) {
        statement.execute("LOCK TABLE price_book IN ACCESS EXCLUSIVE MODE");
      }
      book.wake();
      long now = System.currentTimeMillis();
      long begun = System.nanoTime();
      for (int i = 0; i < 1000; i++) {
        assertThat(book.at("m", "p" + i, now).input()).isEqualTo(3);
        assertThat(book.at("never seen " + i, "p", now)).isEqualTo(PriceSnapshot.FREE);
      }
      assertThat(System.nanoTime() - begun).isLessThan(1_000_000_000L);
      other.rollback();
      // A row of another process.
      new PriceBook(database, PriceBook.Unpriced.FREE, Clock.systemUTC())
          .add(price("m", null, 0, null, UnitPrices.tokens(4, 4, 4, 4)));
      book.wake();
      long end = System.nanoTime() + 10_000_000_000L;
      while (book.at("m", "p", now).input() != 4) {
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void noRequestAsksADatabaseThatIsGone() {
    long[] now = {1_000_000};
    Database database = TestDatabases.open(DatabaseKind.SQLITE);
    try (PriceBook book = new PriceBook(database, PriceBook.Unpriced.FREE, new TestClock(now))) {
      book.add(price("m", null, 0, null, UnitPrices.tokens(3, 3, 3, 3)));
      book.start();
      database.close();
      now[0] += Outage.DEFAULT.seconds() * 1000L - 1;
      assertThat(book.at("m", "p", now[0]).input()).isEqualTo(3);
      assertThat(book.at("never seen", "p", now[0])).isEqualTo(PriceSnapshot.FREE);
      now[0]++;
      assertThatThrownBy(() -> book.at("m", "p", now[0]))
          .isInstanceOfSatisfying(
              Refusal.class, e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.UNAVAILABLE));
    }
  }

  /** What is not kept in memory is found all the same. */
  @OnBothDatabases
  void oldPricesAreFoundInTheDatabase(DatabaseKind kind) {
    long week = PriceIndex.KEPT.toMillis();
    long[] now = {10 * week};
    try (Database database = TestDatabases.open(kind);
        PriceBook book = new PriceBook(database, PriceBook.Unpriced.FREE, new TestClock(now))) {
      book.add(price("m", null, 0, null, UnitPrices.tokens(1, 1, 1, 1)));
      book.add(price("m", null, week, 2 * week, UnitPrices.tokens(2, 2, 2, 2)));
      book.add(price("m", null, 8 * week, null, UnitPrices.tokens(3, 3, 3, 3)));
      book.add(price("m", null, 11 * week, null, UnitPrices.tokens(4, 4, 4, 4)));
      for (PriceBook one :
          List.of(book, new PriceBook(database, PriceBook.Unpriced.FREE, new TestClock(now)))) {
        for (int i = 0; i < 12; i++) {
          assertThat(one.at("m", "p", i * week).input())
              .isEqualTo(i == 1 ? 2 : i < 8 ? 1 : i < 11 ? 3 : 4);
        }
      }
    }
  }

  private static Price price(
      String model,
      @org.jspecify.annotations.Nullable String project,
      long from,
      @org.jspecify.annotations.Nullable Long to,
      UnitPrices prices) {
    return new Price(0, model, project, from, to, prices, Schedule.NONE, "test", "me", 1);
  }
}
