package io.hadal.engine.serving;

import java.util.Map;

/**
 * Figures of a dispatcher at one moment. Counters count from its start.
 *
 * @param running requests with a place in the batch
 * @param waiting requests in the queue, by class; classes without any are left out
 * @param batch sequences of the last step
 * @param tokensPerSecond generated tokens per second, over the last seconds of work
 * @param prefillPerSecond computed prompt tokens per second, over the last seconds of work
 * @param cacheBytes bytes of caches in use, retained prefixes included
 * @param cacheBudget bytes the caches may use
 * @param steps steps run
 * @param promptTokens prompt tokens of all requests that left the queue
 * @param cachedTokens those of them that did not have to be computed
 * @param generatedTokens tokens generated
 * @param prefixHits requests that found a part of their prompt
 * @param prefixMisses requests that found nothing
 * @param prefixMemoryBytes bytes of retained prefixes in memory
 * @param prefixDiskBytes bytes of retained prefixes on disk
 * @param preemptions sequences that were set back for want of memory
 * @param draftedTokens guesses that were verified
 * @param acceptedTokens guesses that held
 * @param refused requests that {@link Dispatcher#submit} refused
 * @param headroom part of the capacity that the work of the last minute leaves; below 0 when more
 *     comes than can be done
 */
public record DispatcherStats(
    int running,
    Map<PriorityClass, Integer> waiting,
    int batch,
    double tokensPerSecond,
    double prefillPerSecond,
    long cacheBytes,
    long cacheBudget,
    long steps,
    long promptTokens,
    long cachedTokens,
    long generatedTokens,
    long prefixHits,
    long prefixMisses,
    long prefixMemoryBytes,
    long prefixDiskBytes,
    long preemptions,
    long draftedTokens,
    long acceptedTokens,
    long refused,
    double headroom) {
  /** Those of no dispatcher at all. */
  public static final DispatcherStats NONE =
      new DispatcherStats(0, Map.of(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** With what is known outside the engine's thread. */
  DispatcherStats with(
      Map<PriorityClass, Integer> queued, long cacheUsed, long refusals, double free) {
    return new DispatcherStats(
        running,
        queued,
        batch,
        tokensPerSecond,
        prefillPerSecond,
        cacheUsed,
        cacheBudget,
        steps,
        promptTokens,
        cachedTokens,
        generatedTokens,
        prefixHits,
        prefixMisses,
        prefixMemoryBytes,
        prefixDiskBytes,
        preemptions,
        draftedTokens,
        acceptedTokens,
        refusals,
        free);
  }
}
