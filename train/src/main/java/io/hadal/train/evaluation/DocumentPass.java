package io.hadal.train.evaluation;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import java.util.Arrays;

/**
 * Runs a model over a document of any length. Longer ones go through in windows that overlap by
 * half; a token is predicted from at least half a window, except at the start.
 */
final class DocumentPass {
  private final Engine engine;
  private final int window;

  /**
   * @param window tokens, at least 2
   */
  DocumentPass(Engine engine, int window) {
    this.engine = engine;
    this.window = window;
  }

  /** Sees the prediction of each token but the first. */
  interface Visitor {
    /**
     * @param at index of the predicted token
     * @param logits behind the token before it
     */
    void predicted(int at, float[] logits);
  }

  void run(int[] tokens, Visitor visitor) {
    int scored = 1;
    for (int from = 0; scored < tokens.length; from += window / 2) {
      int to = Math.min(tokens.length - 1, from + window);
      try (Session session = engine.newSession()) {
        // Predictions before the ones wanted need no logits.
        int skip = scored - 1 - from;
        if (skip > 0) {
          session.append(Arrays.copyOfRange(tokens, from, from + skip));
        }
        float[][] logits = session.appendAll(Arrays.copyOfRange(tokens, from + skip, to));
        for (float[] row : logits) {
          visitor.predicted(scored++, row);
        }
      }
    }
  }
}
