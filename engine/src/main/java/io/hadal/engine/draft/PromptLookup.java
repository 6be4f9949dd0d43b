package io.hadal.engine.draft;

import java.util.Arrays;

/**
 * Guesses that a text goes on as it did before: behind the earlier place that agrees longest with
 * its end, the latest of equals. Needs no drafter; pays where answers repeat their prompt, as edits
 * of code do.
 */
public final class PromptLookup {
  /** Tokens that have to agree at least. */
  private static final int LEAST = 3;

  /** Beyond this many a longer agreement says no more. */
  private static final int ENOUGH = 32;

  /** Places looked at. */
  private static final int TRIES = 16;

  private int[] tokens;
  private int length;
  // Latest end of a run of LEAST tokens by its hash, plus one; and the one before it, by place.
  private final int[] latest;
  private int[] before;

  /** A lookup over a text so far. */
  public PromptLookup(int[] text) {
    this.tokens = Arrays.copyOf(text, text.length + 64);
    this.before = new int[tokens.length];
    this.latest = new int[Integer.highestOneBit(Math.clamp(text.length, 512, 1 << 18)) * 2];
    while (length < text.length) {
      length++;
      enter();
    }
  }

  /** The text goes on. */
  public void add(int token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * length);
      before = Arrays.copyOf(before, 2 * length);
    }
    tokens[length++] = token;
    enter();
  }

  /** Enters the run that ends the text. */
  private void enter() {
    if (length >= LEAST) {
      int slot = slot();
      before[length - 1] = latest[slot];
      latest[slot] = length;
    }
  }

  private int slot() {
    int hash = 0;
    for (int i = 1; i <= LEAST; i++) {
      hash = (hash + tokens[length - i]) * 0x9E3779B1;
    }
    return (hash >>> 7) & (latest.length - 1);
  }

  /**
   * What follows the place that agrees best.
   *
   * @param most tokens wanted
   */
  public Guess guess(int most) {
    if (length < LEAST || most < 1) {
      return Guess.NONE;
    }
    int best = 0;
    int agreed = LEAST - 1;
    int end = before[length - 1];
    for (int i = 0; i < TRIES && end > 0 && agreed < ENOUGH; i++) {
      int n = agreement(end);
      if (n > agreed) {
        agreed = n;
        best = end;
      }
      end = before[end - 1];
    }
    return best == 0
        ? Guess.NONE
        : new Guess(Arrays.copyOfRange(tokens, best, Math.min(length, best + most)), null);
  }

  /** How many tokens before a place are those before the end. */
  private int agreement(int end) {
    int n = 0;
    while (n < Math.min(end, ENOUGH) && tokens[end - 1 - n] == tokens[length - 1 - n]) {
      n++;
    }
    return n;
  }
}
