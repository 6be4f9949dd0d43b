package io.hadal.platform.budget;

import io.hadal.platform.limits.LimitScope;
import org.jspecify.annotations.Nullable;

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
    /** Must not wait. */
    void raised(BudgetAlert alert);
  }
}
