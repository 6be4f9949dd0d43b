package io.hadal.platform.alert;

import io.hadal.platform.Ids;
import io.hadal.platform.alert.AlertDelivery.State;
import io.hadal.platform.db.Database;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Takes alerts and sees to it that they arrive. They wait in the database, so that a restart or an
 * outage of a receiver loses none; who raises one waits for nobody.
 */
public final class Alerts implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  /** Alerts of a channel that wait; further ones are dropped and counted. */
  private static final int MOST_WAITING = 10_000;

  /** Alerts that are not in the database yet. */
  private static final int MOST_UNKEPT = 1000;

  private static final long RETRY_MILLIS = 1000;
  private static final Duration KEPT = Duration.ofDays(30);

  private final AlertStore store;
  private final Clock clock;
  private final List<ChannelWorker> workers = new ArrayList<>();
  private final BlockingQueue<Alert> unkept = new ArrayBlockingQueue<>(MOST_UNKEPT);
  private final @Nullable Thread keeper;

  /**
   * Alerts of a node, delivered from now on.
   *
   * @throws io.hadal.formats.FormatException when the certificates to trust cannot be read
   */
  public Alerts(Database database, AlertOptions options, Clock clock) {
    this(database, channels(options), clock, true);
  }

  Alerts(Database database, List<AlertChannel> channels, Clock clock, boolean running) {
    this.store = new AlertStore(database);
    this.clock = clock;
    channels.forEach(channel -> workers.add(new ChannelWorker(store, channel, clock)));
    if (running && !workers.isEmpty()) {
      workers.forEach(ChannelWorker::start);
      this.keeper = Thread.ofPlatform().daemon().name("hadal-alerts").start(this::run);
    } else {
      this.keeper = null;
    }
  }

  private static List<AlertChannel> channels(AlertOptions options) {
    List<AlertChannel> channels = new ArrayList<>();
    if (options.webhook() != null) {
      channels.add(new WebhookChannel(options.webhook()));
    }
    if (options.mail() != null) {
      channels.add(new MailChannel(options.mail()));
    }
    return channels;
  }

  List<ChannelWorker> workers() {
    return workers;
  }

  /** Tells, soon; does not wait. */
  public void raise(Alert alert) {
    if (!workers.isEmpty() && !unkept.offer(alert)) {
      workers.forEach(ChannelWorker::drop);
    }
  }

  /** Tells when a transaction is committed that has to do with it, and not else. */
  public void raise(Handle h, Alert alert) {
    for (ChannelWorker worker : workers) {
      AlertChannel channel = worker.channel();
      List<String> recipients = channel.recipients(alert.rule());
      if (!recipients.isEmpty() && AlertStore.waiting(h, channel.name()) >= MOST_WAITING) {
        worker.drop();
        continue;
      }
      recipients.forEach(
          recipient -> AlertStore.add(h, alert, channel.name(), recipient, clock.millis()));
    }
  }

  /**
   * Tells once, whatever the number of nodes and restarts, until it is {@link #over}.
   *
   * @param subject what it is about, among alerts of its kind
   * @return whether it was not told before
   */
  public boolean once(Alert alert, String subject) {
    boolean first =
        store
            .database()
            .write(
                h -> {
                  boolean fresh = AlertStore.first(h, alert.rule(), subject, clock.millis());
                  if (fresh) {
                    raise(h, alert);
                  }
                  return fresh;
                });
    if (first) {
      workers.forEach(ChannelWorker::wake);
    }
    return first;
  }

  /** What was told is over: it is told again when it comes back. */
  public void over(AlertRule rule, String subject) {
    store.forget(rule, subject);
  }

  /** Sends a test to everybody. Returns its id. */
  public String test(String by) {
    String id = Ids.next("alert_");
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("type", "test_alert")
            .put("id", id)
            .put("raised_at", clock.instant().toString());
    Alert alert =
        new Alert(
            AlertRule.TEST,
            id,
            "Hadal: a test of alerts",
            "This is a test: alerts of Hadal arrive here.\n\nSent for " + Alert.line(by) + ".\n",
            json);
    store.database().run(h -> raise(h, alert));
    workers.forEach(ChannelWorker::wake);
    return id;
  }

  /** How each channel does. */
  public List<ChannelState> channels() {
    return workers.stream().map(ChannelWorker::state).toList();
  }

  /**
   * Alerts on their way and those that ended, the newest first, each for one recipient.
   *
   * @param state only those; null for all
   * @param after id; only those behind it; null for all
   */
  public List<AlertDelivery> deliveries(@Nullable State state, @Nullable String after, int most) {
    return store.list(state, after, most);
  }

  /** Forgets alerts of more than a month ago. To be called every day. */
  public void prune() {
    store.prune(clock.millis() - KEPT.toMillis());
  }

  private void run() {
    boolean away = false;
    try {
      while (true) {
        Alert alert = unkept.take();
        while (true) {
          try {
            store.database().run(h -> raise(h, alert));
            workers.forEach(ChannelWorker::wake);
            away = false;
            break;
          } catch (RuntimeException e) {
            if (!away) {
              away = true;
              LOG.log(Level.WARNING, "alerts: the database does not take them; they wait");
            }
            pause(alert);
          }
        }
      }
    } catch (InterruptedException e) {
      return;
    }
  }

  private void pause(Alert taken) throws InterruptedException {
    try {
      Thread.sleep(RETRY_MILLIS);
    } catch (InterruptedException e) {
      if (!unkept.offer(taken)) {
        workers.forEach(ChannelWorker::drop);
      }
      throw e;
    }
  }

  /** Keeps what can be kept; the next process goes on with it. */
  @Override
  public void close() {
    Thread running = keeper;
    if (running != null) {
      running.interrupt();
      try {
        running.join(Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    workers.forEach(ChannelWorker::close);
    try {
      for (Alert alert = unkept.poll(); alert != null; alert = unkept.poll()) {
        Alert last = alert;
        store.database().run(h -> raise(h, last));
      }
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "alerts: some could not be kept");
    }
  }
}
