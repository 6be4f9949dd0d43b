package io.hadal.platform.budget;

import io.hadal.platform.alert.Alert;
import io.hadal.platform.alert.AlertRule;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.money.Usd;
import java.time.Instant;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A budget has reached a percentage of its limit. Once in a window, whatever the number of nodes.
 *
 * @param org organisation of the budget; null for all
 * @param subject whom it counts
 * @param windowStart milliseconds since 1970
 * @param windowEnd {@link Long#MAX_VALUE} for never
 * @param settled nano-USD
 * @param limit nano-USD, with what was carried over
 */
public record BudgetAlert(
    String id,
    String budget,
    String name,
    @Nullable String org,
    LimitScope scope,
    String subject,
    long windowStart,
    long windowEnd,
    int percent,
    long settled,
    long limit,
    long raisedAt) {
  /** Gets alerts. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Called in the transaction that notes the alert.
     *
     * @param handle writes into the database
     */
    void raised(Handle handle, BudgetAlert alert);
  }

  /** What is told of it. */
  public Alert alert() {
    String whom = scope.text().replace('_', ' ') + " " + Alert.line(subject);
    String called = Alert.line(name);
    String end = windowEnd == Long.MAX_VALUE ? "" : " to " + time(windowEnd);
    return new Alert(
        AlertRule.BUDGET,
        id,
        "Hadal: budget '" + called + "' has reached " + percent + " %",
        """
        The budget '%s' of the %s has reached %d %% of its limit.

        Spent:  %s USD
        Limit:  %s USD
        Window: from %s%s
        """
            .formatted(
                called, whom, percent, Usd.text(settled), Usd.text(limit), time(windowStart), end),
        json());
  }

  private ObjectNode json() {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("type", "budget_alert");
    node.put("id", id);
    node.put("budget_id", budget);
    node.put("budget_name", name);
    node.put("org_id", org);
    node.put("scope_type", scope.text());
    node.put("scope_id", subject);
    node.put("percent", percent);
    node.put("settled_nano", settled);
    node.put("settled_usd", Usd.text(settled));
    node.put("limit_nano", limit);
    node.put("limit_usd", Usd.text(limit));
    node.put("window_start", time(windowStart));
    if (windowEnd != Long.MAX_VALUE) {
      node.put("window_end", time(windowEnd));
    }
    node.put("raised_at", time(raisedAt));
    return node;
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }
}
