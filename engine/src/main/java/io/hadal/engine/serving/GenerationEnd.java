package io.hadal.engine.serving;

import java.time.Duration;

/**
 * How an answer ended and what it took.
 *
 * @param reason why it ended
 * @param stopId the stop token that ended it; -1 when none did
 * @param promptTokens tokens of the prompt
 * @param cachedTokens those of them that did not have to be computed
 * @param generatedTokens tokens of this answer, the stop token included
 * @param queued time in the queue
 * @param prefill time from there to the first token
 * @param decode time from there to the end
 */
public record GenerationEnd(
    Reason reason,
    int stopId,
    int promptTokens,
    int cachedTokens,
    int generatedTokens,
    Duration queued,
    Duration prefill,
    Duration decode) {

  /** Why an answer ended. */
  public enum Reason {
    /** A stop token. */
    STOP,
    /** The constraint allows nothing more. */
    COMPLETE,
    /** The limit of the request. */
    LENGTH,
    /** The context of the engine. */
    CONTEXT,
    /** {@link GenerationHandle#cancel}. */
    CANCELLED,
    /** The time limit of the request. */
    TIME_LIMIT,
    /** The request waited longer than its class allows. */
    QUEUE_TIMEOUT,
    /** The dispatcher was drained or closed. */
    SHUTDOWN
  }
}
