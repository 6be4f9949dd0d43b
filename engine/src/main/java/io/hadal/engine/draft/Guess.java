package io.hadal.engine.draft;

import org.jspecify.annotations.Nullable;

/**
 * Guessed tokens.
 *
 * @param tokens in their order; none when nothing is guessed
 * @param confidence raw scores by token, where the drafter gives them
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Guess(int[] tokens, float @Nullable [] confidence) {
  public static final Guess NONE = new Guess(new int[0], null);
}
