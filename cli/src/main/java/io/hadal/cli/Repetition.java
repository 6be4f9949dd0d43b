package io.hadal.cli;

import io.hadal.engine.TokenListener;

/**
 * Ends a text that goes round in circles, as the likeliest tokens of a small model often do: the
 * same tokens three times and more, {@value #LEAST} of them together.
 */
final class Repetition implements TokenListener {
  private static final int LONGEST = 48;
  private static final int LEAST = 24;

  private final TokenListener next;
  private final int[] recent = new int[LONGEST];
  // By distance: how many tokens in a row equal the one that far back.
  private final int[] equal = new int[LONGEST + 1];
  private int count;
  private int surplus;

  Repetition(TokenListener next) {
    this.next = next;
  }

  @Override
  public boolean onToken(int id, float[] logits) {
    for (int distance = 1; distance <= Math.min(LONGEST, count); distance++) {
      boolean same = recent[(count - distance) % LONGEST] == id;
      equal[distance] = same ? equal[distance] + 1 : 0;
      if (surplus == 0 && equal[distance] >= Math.max(2 * distance, LEAST - distance)) {
        surplus = equal[distance];
      }
    }
    recent[count++ % LONGEST] = id;
    return next.onToken(id, logits) && surplus == 0;
  }

  /** Tokens at the end that only repeat what stands before them. */
  int surplus() {
    return surplus;
  }
}
