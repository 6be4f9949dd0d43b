package io.hadal.engine;

import java.util.List;

/**
 * A finished continuation.
 *
 * @param nanos time of the decode loop
 * @param drafted guesses made
 * @param accepted guesses that were right
 */
public record GenerationResult(
    List<Integer> tokens, Stop stop, long nanos, int drafted, int accepted) {

  /** Why it ended. */
  public enum Stop {
    /** A stop token. */
    STOP,
    /** The token limit. */
    LENGTH,
    /** The end of the context. */
    CONTEXT,
    /** The listener. */
    CANCELLED
  }

  public GenerationResult {
    tokens = List.copyOf(tokens);
  }

  public double tokensPerSecond() {
    return nanos == 0 ? 0 : tokens.size() * 1e9 / nanos;
  }
}
