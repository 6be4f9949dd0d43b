package io.hadal.platform.usage;

import org.jspecify.annotations.Nullable;

/**
 * How an attempt ended.
 *
 * @param status HTTP status of the answer
 * @param estimated true when the counts are ours, not the upstream's
 * @param firstToken when its first token came, milliseconds since 1970; 0 for never
 * @param queueMillis time in the queue
 * @param tokenMicros time between two tokens; 0 when unknown
 * @param upstreamCost what the upstream bills, nano-USD; null when unknown
 * @param upstreamRequestId the upstream's id; null for none
 */
public record Ending(
    Quantities quantities,
    Outcome outcome,
    int status,
    boolean estimated,
    long firstToken,
    long queueMillis,
    long tokenMicros,
    @Nullable Long upstreamCost,
    @Nullable String upstreamRequestId) {

  /** An attempt at a model of this process. */
  public static Ending local(
      Quantities quantities,
      Outcome outcome,
      int status,
      long firstToken,
      long queueMillis,
      long tokenMicros) {
    return new Ending(
        quantities, outcome, status, false, firstToken, queueMillis, tokenMicros, null, null);
  }
}
