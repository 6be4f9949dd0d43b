package io.hadal.engine;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** Which tokens a prompt and its answer hold, as penalties need it. */
public final class TokenHistory {
  private final BitSet seen = new BitSet();
  private final Map<Integer, Integer> answered = new HashMap<>();

  /** The history at the end of a prompt. */
  public TokenHistory(int[] prompt) {
    for (int id : prompt) {
      seen.set(id);
    }
  }

  /** An independent copy. */
  public TokenHistory(TokenHistory from) {
    seen.or(from.seen);
    answered.putAll(from.answered);
  }

  /** Counts a token of the answer. */
  public void add(int id) {
    seen.set(id);
    answered.merge(id, 1, Integer::sum);
  }

  void penalise(float[] logits, SamplingOptions options) {
    if (options.repetition() != 1) {
      for (int id = seen.nextSetBit(0); id >= 0; id = seen.nextSetBit(id + 1)) {
        logits[id] *= (float) (logits[id] > 0 ? 1 / options.repetition() : options.repetition());
      }
    }
    answered.forEach(
        (id, count) -> logits[id] -= (float) (options.presence() + count * options.frequency()));
  }
}
