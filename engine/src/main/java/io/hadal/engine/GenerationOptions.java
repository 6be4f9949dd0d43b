package io.hadal.engine;

import java.util.Set;

/**
 * One continuation.
 *
 * @param maxTokens most tokens to produce
 * @param stopIds tokens that end the text; the stop token itself is reported
 * @param speculate true to verify guesses: those of the drafter where the engine keeps one, else
 *     repetitions of the text; the tokens stay the same
 */
public record GenerationOptions(
    int maxTokens, SamplingOptions sampling, Set<Integer> stopIds, boolean speculate) {
  public GenerationOptions {
    stopIds = Set.copyOf(stopIds);
    if (maxTokens < 0) {
      throw new IllegalArgumentException("max tokens must not be negative, is " + maxTokens);
    }
  }
}
