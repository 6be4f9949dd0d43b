package io.hadal.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Index scores from 8-bit integers. Sums of products are exact integers, so {@code score_j =
 * scale_j * sum_h w_h relu(q_h . k_j)}, one fused multiply-add for each head in ascending order
 * from +0, has the same bits in every implementation.
 */
public interface ByteScores {

  /** The implementation for this JVM, as {@link Kernels#get()}. */
  static ByteScores get() {
    return KernelProvider.SCORES;
  }

  /**
   * Scores of a tile's first keys for some tokens.
   *
   * @param tile as {@link ByteTile} has it
   * @param keys at most {@link ByteTile#KEYS}
   * @param scores out: {@code keys} values of every token, the first token's from {@code at}
   */
  void scores(
      ByteQueries q,
      int fromToken,
      int tokens,
      MemorySegment tile,
      int keys,
      float[] scores,
      int at,
      int stride);
}
