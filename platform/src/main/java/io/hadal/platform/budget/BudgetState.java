package io.hadal.platform.budget;

/**
 * How a budget or balance stands over all nodes, nano-USD.
 *
 * @param subject whom it counts
 * @param windowStart milliseconds since 1970
 * @param windowEnd {@link Long#MAX_VALUE} for never
 * @param limit with what was carried over
 * @param carry what was carried over
 * @param settled what requests cost
 * @param held for requests that run
 * @param leased what nodes may hold without asking, and do not
 */
public record BudgetState(
    String subject,
    long windowStart,
    long windowEnd,
    long limit,
    long carry,
    long settled,
    long held,
    long leased) {
  /** What requests may still take. */
  public long remaining() {
    return limit - settled - held;
  }
}
