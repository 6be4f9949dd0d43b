package io.hadal.train.corpus;

import java.util.Arrays;

/**
 * A training sample.
 *
 * @param ids tokens from beginning to end of sequence
 * @param targets for each token whether to learn to predict it
 */
public record Sample(int[] ids, boolean[] targets) {
  public Sample {
    if (ids.length != targets.length || ids.length == 0) {
      throw new IllegalArgumentException("a sample needs tokens, and a mark for each of them");
    }
  }

  /** A sample all of whose tokens are learnt. */
  public static Sample whole(int[] ids) {
    boolean[] targets = new boolean[ids.length];
    Arrays.fill(targets, true);
    return new Sample(ids, targets);
  }

  public int length() {
    return ids.length;
  }
}
