package io.hadal.cli;

import io.hadal.engine.Sampler;
import io.hadal.formats.tokenizer.Tokenizer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Log probabilities of generated tokens and of the most likely others, as JSON. */
final class TokenProbabilities {
  private TokenProbabilities() {}

  /**
   * Adds one generated token.
   *
   * @param top how many of the most likely tokens are listed besides
   */
  static void add(ArrayNode list, int id, float[] logits, int top, @Nullable Tokenizer tokenizer) {
    ObjectNode node = list.addObject();
    put(node, id, logits, tokenizer);
    if (top > 0) {
      ArrayNode others = node.putArray("top");
      for (int other : largest(logits, top)) {
        put(others.addObject(), other, logits, tokenizer);
      }
    }
  }

  private static void put(ObjectNode node, int id, float[] logits, @Nullable Tokenizer tokenizer) {
    node.put("id", id);
    if (tokenizer != null) {
      node.put("token", tokenizer.token(id));
    }
    node.put("logprob", Sampler.logProbability(logits, id));
  }

  /** Indices of the largest values in falling order, the lower index first among equals. */
  static int[] largest(float[] values, int count) {
    int[] best = new int[Math.min(count, values.length)];
    int held = 0;
    for (int i = 0; i < values.length; i++) {
      if (Float.isNaN(values[i]) || (held == best.length && values[i] <= values[best[held - 1]])) {
        continue;
      }
      int at = held < best.length ? held++ : held - 1;
      while (at > 0 && values[best[at - 1]] < values[i]) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = i;
    }
    return java.util.Arrays.copyOf(best, held);
  }
}
