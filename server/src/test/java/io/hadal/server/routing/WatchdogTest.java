package io.hadal.server.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.server.NoExchange;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WatchdogTest {
  /** More than one of each: in which order they are looked at is not said. */
  private static final int EACH = 6;

  private static RelayWatch late(Closeable upstream) {
    RelayWatch watch = new RelayWatch(new NoExchange(), upstream, Duration.ofSeconds(10));
    watch.expect(System.nanoTime() - 1);
    return watch;
  }

  private static void broken() {
    throw new IllegalStateException("on purpose");
  }

  /** Adds broken and good ones by turns; the latches of the good ones. */
  private static List<CountDownLatch> add(Watchdog watchdog) {
    List<CountDownLatch> closed = new ArrayList<>();
    for (int i = 0; i < EACH; i++) {
      watchdog.add(late(WatchdogTest::broken));
      CountDownLatch good = new CountDownLatch(1);
      watchdog.add(late(good::countDown));
      closed.add(good);
    }
    return closed;
  }

  @Test
  void aWatchThatFailsHidesNoOther() throws InterruptedException {
    try (Watchdog watchdog = new Watchdog()) {
      for (CountDownLatch closed : add(watchdog)) {
        assertThat(closed.await(2, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  @Test
  void whoCannotBeLookedAtIsGone() {
    NoExchange broken =
        new NoExchange() {
          @Override
          public boolean connected() {
            throw new IllegalStateException("on purpose");
          }
        };
    CountDownLatch closed = new CountDownLatch(1);
    RelayWatch watch = new RelayWatch(broken, closed::countDown, Duration.ofSeconds(10));
    watch.look(System.nanoTime());
    assertThat(closed.getCount()).isZero();
    assertThat(watch.gone()).isTrue();
  }

  @Test
  void theEndReachesAll() {
    Watchdog watchdog = new Watchdog();
    // Nobody looks any more: what closes them is the end alone.
    watchdog.close();
    List<CountDownLatch> all = add(watchdog);
    watchdog.end();
    assertThat(all).allSatisfy(closed -> assertThat(closed.getCount()).isZero());
  }
}
