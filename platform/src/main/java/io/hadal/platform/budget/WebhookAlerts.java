package io.hadal.platform.budget;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.Logger;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Posts alerts as JSON to an address. A failed one is tried again four times, later each time. When
 * too many wait, new ones are dropped and counted; the table of alerts has them all.
 */
public final class WebhookAlerts implements BudgetAlert.Listener, AutoCloseable {
  private static final Logger LOG = Logger.getLogger(WebhookAlerts.class.getName());
  private static final int MOST_WAITING = 1000;
  private static final int ATTEMPTS = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final URI address;
  private final Duration pause;
  private final HttpClient client =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final BlockingQueue<BudgetAlert> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private final AtomicLong dropped = new AtomicLong();
  private final Thread thread;

  /** Alerts go to an address; a failed one is tried again after one second, then two, and so on. */
  public WebhookAlerts(URI address) {
    this(address, Duration.ofSeconds(1));
  }

  WebhookAlerts(URI address, Duration pause) {
    this.address = address;
    this.pause = pause;
    this.thread = Thread.ofVirtual().name("hadal-budget-webhook").start(this::run);
  }

  @Override
  public void raised(BudgetAlert alert) {
    if (!waiting.offer(alert)) {
      dropped.incrementAndGet();
    }
  }

  /** Alerts that were not sent, because too many waited or all attempts failed. */
  public long dropped() {
    return dropped.get();
  }

  private void run() {
    try {
      while (true) {
        send(waiting.take());
      }
    } catch (InterruptedException e) {
      // Closed: the table has what was not sent.
      return;
    }
  }

  private void send(BudgetAlert alert) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json(alert).toString()))
            .build();
    String problem = "";
    for (int i = 0; i < ATTEMPTS; i++) {
      if (i > 0) {
        Thread.sleep(pause.multipliedBy(1L << (i - 1)));
      }
      try {
        int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        if (status >= 200 && status < 300) {
          return;
        }
        problem = "status " + status;
      } catch (IOException e) {
        problem = e.getClass().getSimpleName();
      }
    }
    dropped.incrementAndGet();
    LOG.log(
        Level.WARNING,
        "budgets: alert {0} could not be sent to the webhook: {1}",
        new Object[] {alert.id(), problem});
  }

  private static ObjectNode json(BudgetAlert alert) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("type", "budget_alert");
    node.put("id", alert.id());
    node.put("budget_id", alert.budget());
    node.put("budget_name", alert.name());
    node.put("org_id", alert.org());
    node.put("scope_type", alert.scope().text());
    node.put("scope_id", alert.subject());
    node.put("percent", alert.percent());
    node.put("settled_nano", alert.settled());
    node.put("settled_usd", usd(alert.settled()));
    node.put("limit_nano", alert.limit());
    node.put("limit_usd", usd(alert.limit()));
    node.put("window_start", Instant.ofEpochMilli(alert.windowStart()).toString());
    if (alert.windowEnd() != Long.MAX_VALUE) {
      node.put("window_end", Instant.ofEpochMilli(alert.windowEnd()).toString());
    }
    node.put("raised_at", Instant.ofEpochMilli(alert.raisedAt()).toString());
    return node;
  }

  private static String usd(long nano) {
    return BigDecimal.valueOf(nano, 9).stripTrailingZeros().toPlainString();
  }

  @Override
  public void close() {
    thread.interrupt();
    client.close();
  }
}
