package io.hadal.cli;

import io.hadal.formats.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * Tokens at the end of a text may be ones that the model never saw there: a word that goes on, or a
 * bracket whose token takes in what follows it. They are taken back, and the model chooses again
 * among tokens that spell the same.
 */
final class TokenHealing {
  private static final int MOST_TOKENS = 5;

  private final Tokenizer tokenizer;
  private final int[] kept;
  private byte[] left;

  TokenHealing(Tokenizer tokenizer, int[] tokens) {
    this.tokenizer = tokenizer;
    int keep = tokens.length;
    boolean begun = false;
    while (keep > 0 && tokens.length - keep < MOST_TOKENS && !begun && goesOn(tokens[keep - 1])) {
      keep--;
      begun = tokenizer.tokenBytes(tokens[keep])[0] == ' ';
    }
    this.kept = Arrays.copyOf(tokens, keep);
    this.left = tokenizer.decodeBytes(Arrays.copyOfRange(tokens, keep, tokens.length));
  }

  /** Whether what follows may belong to the same token. */
  private boolean goesOn(int token) {
    byte[] bytes = tokenizer.tokenBytes(token);
    return !tokenizer.isAdded(token) && bytes.length > 0 && bytes[bytes.length - 1] != '\n';
  }

  /** The tokens that stay. */
  int[] kept() {
    return kept;
  }

  /** Bytes that are to be written again. */
  int bytesLeft() {
    return left.length;
  }

  /** The likeliest token that begins with what is left, or that what is left begins with. */
  int choose(float[] logits) {
    int best = -1;
    for (int id = 0; id < Math.min(logits.length, tokenizer.vocabSize()); id++) {
      if (!tokenizer.isAdded(id)
          && (best < 0 || logits[id] > logits[best])
          && fits(tokenizer.tokenBytes(id))) {
        best = id;
      }
    }
    return best;
  }

  private boolean fits(byte[] token) {
    int n = Math.min(token.length, left.length);
    return n > 0 && Arrays.equals(token, 0, n, left, 0, n);
  }

  /** Notes a token as written. */
  void accept(int id) {
    int n = tokenizer.tokenBytes(id).length;
    left = n >= left.length ? new byte[0] : Arrays.copyOfRange(left, n, left.length);
  }
}
