package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.DataFolder;
import io.hadal.platform.Ids;
import io.hadal.platform.Outage;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.lease.Window;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.money.PriceBook.Unpriced;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.server.LoadWorld.Recorded;
import io.hadal.server.LoadWorld.Running;
import io.hadal.server.LoadWorld.Tenant;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * A database server that goes away under load and comes back (platform specification, section 6,
 * test 3).
 */
@EnabledIfSystemProperty(named = "hadal.soak", matches = "true")
class PlatformOutageTest {
  /** How long the database is away, and for which part of it what is known holds. */
  private static final double LASTING = Math.max(20, PlatformLoadTest.seconds(0, 10));

  private static final int HOLDS = (int) Math.max(10, LASTING / 4);
  private static final long LIMIT = 400_000_000;

  @TempDir private Path folder = Path.of("");

  private EmbeddedPostgres database(int port) throws IOException {
    return EmbeddedPostgres.builder()
        .setDataDirectory(folder.resolve("postgres"))
        .setCleanDataDirectory(false)
        .setPort(port)
        .start();
  }

  private PlatformOptions options(EmbeddedPostgres server, Outage outage) {
    return new PlatformOptions(
        new DataFolder(folder.resolve("data")),
        server.getJdbcUrl("postgres", "postgres"),
        "postgres",
        null,
        "n1",
        false,
        1L << 30,
        true,
        Unpriced.FREE,
        null,
        null,
        false,
        null,
        null,
        null,
        outage,
        null,
        Set.of(),
        0);
  }

  private void goesAway(boolean open) throws Exception {
    EmbeddedPostgres server = database(0);
    int port = server.getPort();
    try (LoadWorld world = new LoadWorld(options(server, new Outage(HOLDS, open)), 4, 48, 24)) {
      Tenant free = world.tenant("free");
      Tenant bounded = world.tenant("bounded");
      world
          .platform
          .budgets()
          .create(
              new Budget(
                  Ids.next("bud_"),
                  bounded.org(),
                  LimitScope.PROJECT,
                  bounded.project(),
                  "enough",
                  Window.TOTAL,
                  ZoneOffset.UTC,
                  LIMIT,
                  List.of(),
                  BudgetAction.BLOCK,
                  null,
                  false,
                  world.platform.clock().millis(),
                  "test"));
      LoadFigures theirs = new LoadFigures();
      LoadFigures its = new LoadFigures();
      Running running = world.running();
      world.closed(free, 3, 4, theirs, running);
      world.closed(bounded, 3, 4, its, running);
      PlatformLoadTest.sleep(10);
      server.close();
      // Known keys and leased money hold at first.
      long refused = its.refused.get();
      PlatformLoadTest.sleep(HOLDS / 2.0);
      assertThat(its.refused.get()).isEqualTo(refused);
      assertThat(theirs.refused.get()).isZero();
      LiveHeap heap = LiveHeap.now(PlatformLoadTest.LOOKS);
      int threads = LoadWorld.platformThreads();
      // Longer than they may.
      PlatformLoadTest.sleep(HOLDS);
      long answered = its.answered.get();
      PlatformLoadTest.sleep(LASTING - 1.5 * HOLDS);
      LiveHeap heapThen = LiveHeap.now(PlatformLoadTest.LOOKS);
      int threadsThen = LoadWorld.platformThreads();
      if (open) {
        assertThat(its.answered.get()).isGreaterThan(answered);
      } else {
        assertThat(its.answered.get()).isEqualTo(answered);
        assertThat(its.refused.get()).isPositive();
      }
      PlatformLoadTest.report(
          "away, " + (open ? "serves" : "refuses"),
          "heap %d to %d bytes, threads %d to %d, journal %d bytes, lag %d ms"
              .formatted(
                  heap.bytes(),
                  heapThen.bytes(),
                  threads,
                  threadsThen,
                  world.platform.journal().bytes(),
                  world.platform.journal().lagMillis()));
      PlatformLoadTest.flat(heap, heapThen);
      assertThat(threadsThen).isLessThanOrEqualTo(threads + 3);
      answered = theirs.answered.get();
      server = database(port);
      PlatformLoadTest.sleep(10);
      assertThat(theirs.answered.get()).isGreaterThan(answered);
      running.stop();
      PlatformLoadTest.report("away: without a budget", theirs);
      PlatformLoadTest.report("away: with a budget", its);
      assertThat(theirs.faults).isEmpty();
      assertThat(its.faults).isEmpty();
      PlatformLoadTest.accounted(world, free, theirs);
      PlatformLoadTest.accounted(world, bounded, its);
      Recorded recorded = world.recorded(bounded);
      PlatformLoadTest.report("away: recorded", recorded);
      if (!open) {
        assertThat(recorded.cost()).isLessThanOrEqualTo(LIMIT);
      }
      assertThat(new LedgerVerifier(world.platform.database()).verify().ok()).isTrue();
    } finally {
      server.close();
    }
  }

  @Test
  void budgetsCloseBehindTheTimeTheyHold() throws Exception {
    goesAway(false);
  }

  @Test
  void orTheyOpen() throws Exception {
    goesAway(true);
  }
}
