package io.hadal.platform.rollout;

/**
 * How one answer went, for the guards of a rollout.
 *
 * @param failed true when there was no answer through no fault of the client
 * @param firstTokenMillis time to the first token; -1 when there was none
 * @param tokenMicros time between two tokens; -1 when unknown
 * @param calls whether its tool calls could be read
 * @param schema whether it follows the schema that was asked for
 * @param refused true when the model declined to answer
 */
public record Observation(
    boolean failed,
    long firstTokenMillis,
    long tokenMicros,
    Check calls,
    Check schema,
    boolean refused) {
  /** Something that an answer may have and that may be wrong. */
  public enum Check {
    NONE,
    GOOD,
    BAD
  }

  /** An answer without calls or schema. */
  public static Observation answered(long firstTokenMillis, long tokenMicros) {
    return new Observation(false, firstTokenMillis, tokenMicros, Check.NONE, Check.NONE, false);
  }

  /** No answer. */
  public static Observation failure() {
    return new Observation(true, -1, -1, Check.NONE, Check.NONE, false);
  }
}
