package io.hadal.train;

import io.hadal.train.graph.DraftLosses;
import java.util.Map;

/** Watches a run; called on its thread. */
public interface TrainListener {
  /**
   * A step is done.
   *
   * @param step steps so far
   * @param tokens training tokens so far
   * @param progress part of the run that is done
   * @param loss mean cross-entropy of the step in nats a token
   * @param bitsPerByte the same by the bytes of the text
   * @param drafts of the block drafter
   * @param rate learning rate
   * @param gradientNorm before clipping
   * @param tokensPerSecond of the recent steps
   * @param gigaflops billions of operations a second, by {@link ModelCost}
   * @param secondsLeft estimate
   */
  record Step(
      long step,
      long tokens,
      double progress,
      double loss,
      double bitsPerByte,
      DraftLosses drafts,
      double rate,
      double gradientNorm,
      double tokensPerSecond,
      double gigaflops,
      double secondsLeft) {}

  /** A step is done. */
  default void stepped(Step step) {}

  /** Held-out texts were evaluated: bits per byte by name. */
  default void evaluated(long step, Map<String, Double> bitsPerByte) {}

  /** A checkpoint was written. */
  default void saved(long step) {}
}
