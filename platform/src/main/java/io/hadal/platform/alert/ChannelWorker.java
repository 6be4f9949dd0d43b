package io.hadal.platform.alert;

import io.hadal.platform.alert.AlertDelivery.State;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Delivers what waits for one channel, beside everything else. A failed attempt is repeated after
 * five seconds, then ten, up to ten minutes, for a day; of several nodes one makes each attempt.
 */
final class ChannelWorker implements AutoCloseable {
  static final Duration FIRST_PAUSE = Duration.ofSeconds(5);
  static final Duration LONGEST_PAUSE = Duration.ofMinutes(10);
  static final Duration GIVE_UP = Duration.ofDays(1);

  /** No attempt takes longer, unless its node has died. */
  private static final Duration TAKEN = Duration.ofMinutes(2);

  private static final int BATCH = 20;
  private static final long LOOK_MILLIS = 1000;
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  private final AlertStore store;
  private final AlertChannel channel;
  private final Clock clock;
  private final Semaphore news = new Semaphore(0);
  private final AtomicLong delivered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicLong retries = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private volatile long waiting;
  private volatile boolean closed;
  private volatile @Nullable Thread thread;

  ChannelWorker(AlertStore store, AlertChannel channel, Clock clock) {
    this.store = store;
    this.channel = channel;
    this.clock = clock;
  }

  /** Begins to look every second. */
  void start() {
    // Not virtual: an interruption would break its connection to the database.
    thread = Thread.ofPlatform().daemon().name("hadal-alerts-" + channel.name()).start(this::run);
  }

  AlertChannel channel() {
    return channel;
  }

  /** Looks at once. */
  void wake() {
    news.release();
  }

  /** Counts an alert that was not taken. */
  void drop() {
    dropped.incrementAndGet();
  }

  ChannelState state() {
    return new ChannelState(
        channel.name(),
        channel.target(),
        delivered.get(),
        failed.get(),
        retries.get(),
        dropped.get(),
        waiting);
  }

  private void run() {
    boolean away = false;
    while (!closed) {
      try {
        tick();
        away = false;
        if (news.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          news.drainPermits();
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        if (!away && !closed) {
          away = true;
          LOG.log(Level.WARNING, "alerts: they wait: {0}", e.getClass().getSimpleName());
        }
        try {
          Thread.sleep(LOOK_MILLIS);
        } catch (InterruptedException stop) {
          return;
        }
      }
    }
  }

  /** Tries what is due. */
  void tick() throws InterruptedException {
    List<AlertDelivery> due = store.due(channel.name(), clock.millis(), BATCH);
    for (AlertDelivery one : due) {
      if (store.take(one, clock.millis() + TAKEN.toMillis())) {
        attempt(one);
      }
    }
    waiting = store.waiting(channel.name());
    if (due.size() == BATCH) {
      wake();
    }
  }

  private void attempt(AlertDelivery one) throws InterruptedException {
    try {
      channel.deliver(one);
    } catch (DeliveryException e) {
      int attempts = one.attempts() + 1;
      long now = clock.millis();
      if (e.lasting() || now - one.createdAt() >= GIVE_UP.toMillis()) {
        store.end(one.id(), State.FAILED, e.reason(), now);
        failed.incrementAndGet();
        LOG.log(
            Level.WARNING,
            "alerts: {0} was given up for {1} {2}: {3}",
            new Object[] {one.alert(), channel.name(), channel.target(), e.reason()});
      } else {
        store.again(one.id(), e.reason(), now + pause(attempts).toMillis());
        retries.incrementAndGet();
        if (attempts == 1) {
          LOG.log(
              Level.WARNING,
              "alerts: {0} waits for {1} {2}: {3}",
              new Object[] {one.alert(), channel.name(), channel.target(), e.reason()});
        }
      }
      return;
    }
    store.end(one.id(), State.DELIVERED, null, clock.millis());
    delivered.incrementAndGet();
  }

  /** Time between an attempt and the next one. */
  static Duration pause(int attempts) {
    Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(attempts - 1, 20));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }

  @Override
  public void close() {
    closed = true;
    wake();
    Thread running = thread;
    if (running != null) {
      try {
        // The database is closed soon; an attempt that takes longer is made again by the next
        // process.
        if (!running.join(Duration.ofSeconds(2))) {
          running.interrupt();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    channel.close();
  }
}
