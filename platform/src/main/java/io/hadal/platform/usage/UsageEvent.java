package io.hadal.platform.usage;

import org.jspecify.annotations.Nullable;

/**
 * An attempt that is over, as it is kept.
 *
 * @param work what was attempted
 * @param start when it was admitted, milliseconds since 1970
 * @param firstToken when its first token came; 0 for never
 * @param end when it ended
 * @param status HTTP status of the answer
 * @param estimated true when the counts are ours, not the upstream's
 * @param priceBook id of the prices; 0 for none
 * @param cost what the customer pays, nano-USD
 * @param upstreamCost what the upstream bills, nano-USD; null when unknown
 * @param upstreamRequestId the upstream's id; null for none
 * @param holdId id of the hold that this settles; null for none
 * @param queueMillis time in the queue
 * @param tokenMicros time between two tokens; 0 when unknown
 */
public record UsageEvent(
    Work work,
    long start,
    long firstToken,
    long end,
    Outcome outcome,
    int status,
    Quantities quantities,
    boolean estimated,
    long priceBook,
    long cost,
    @Nullable Long upstreamCost,
    @Nullable String upstreamRequestId,
    @Nullable String holdId,
    long queueMillis,
    long tokenMicros) {
  /** The same, scheduled in a class. */
  public UsageEvent withPriority(@Nullable String name) {
    return new UsageEvent(
        work.withPriority(name),
        start,
        firstToken,
        end,
        outcome,
        status,
        quantities,
        estimated,
        priceBook,
        cost,
        upstreamCost,
        upstreamRequestId,
        holdId,
        queueMillis,
        tokenMicros);
  }

  /** The event of an attempt that ended so. */
  public static UsageEvent of(
      Work work,
      long start,
      long end,
      Ending ending,
      long priceBook,
      long cost,
      @Nullable String holdId) {
    // Taken from two clocks, and one of them may have been set back meanwhile.
    long over = Math.max(start, end);
    return new UsageEvent(
        work,
        start,
        ending.firstToken() == 0 ? 0 : Math.clamp(ending.firstToken(), start, over),
        over,
        ending.outcome(),
        ending.status(),
        ending.quantities(),
        ending.estimated(),
        priceBook,
        cost,
        ending.upstreamCost(),
        ending.upstreamRequestId(),
        holdId,
        ending.queueMillis(),
        ending.tokenMicros());
  }
}
