package io.hadal.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Kernels of the attention path beside {@link Kernels}: index scores, packed cache rows, roundings
 * of activations and rows, and the streams of hyper-connections. Reductions have the canonical
 * order of {@link Kernels}, so all implementations return identical bits.
 */
public interface AttentionKernels {

  /** The implementation for this JVM, as {@link Kernels#get()}. */
  static AttentionKernels get() {
    return KernelProvider.ATTENTION;
  }

  /**
   * Scores of a tile's keys for one token: {@code score_j = sum_h w_h relu(q_h . k_j)}, one fused
   * multiply-add per head in ascending order (spec 4.4).
   *
   * @param q {@code [heads, width]} from {@code qOffset}
   * @param weights one per head from {@code weightsOffset}
   * @param keys {@code [width, 64]} as {@link KeyTile} lays them out
   * @param bf16 rounds dots, products and scores to bf16, and adds the products unfused
   * @param scores out: {@link KeyTile#KEYS} values from {@code scoresOffset}
   */
  void indexScores(
      float[] q,
      int qOffset,
      int heads,
      int width,
      float[] weights,
      int weightsOffset,
      float[] keys,
      boolean bf16,
      float[] scores,
      int scoresOffset);

  /**
   * Decodes a packed tile of index keys.
   *
   * @param keys out: {@code [width, 64]}
   */
  void unpackKeys(MemorySegment tile, int width, float[] keys);

  /**
   * A packed tile of index keys in the bytes of a {@link ByteTile}. A value's code there is its
   * E2M1 code times two, shifted by what its scale lies below eight times the key's largest scale,
   * so nothing is lost unless scales of a key differ by more; then magnitudes round to nearest,
   * ties up.
   *
   * @param width at most {@link ByteTile#MOST}
   * @param words out: the tile in 32-bit words, {@link ByteTile#words} of that width
   */
  void unpackKeyBytes(MemorySegment tile, int width, int[] words);

  /**
   * Decodes a row of E4M3 codes, bf16 values and one power-of-two scale per {@code block} codes, in
   * this order (spec 8.2).
   *
   * @param codes number of E4M3 codes
   * @param rest number of bf16 values
   */
  void unpackFp8(
      MemorySegment row, long at, int codes, int rest, int block, float[] out, int outOffset);

  /** Decodes a row of E2M1 codes and one E4M3 scale per {@code block} values (V4.1 spec 6). */
  void unpackFp4E4M3(MemorySegment row, long at, int n, int block, float[] out, int outOffset);

  /** As {@link BlockQuantizer#roundFp8}. */
  void roundFp8(float[] x, int offset, int n, int block);

  /** As {@link BlockQuantizer#roundFp4}. */
  void roundFp4(float[] x, int offset, int n, int block);

  /** As {@link BlockQuantizer#roundFp4E4M3}. */
  void roundFp4E4M3(float[] x, int offset, int n, int block);

  /**
   * Writes a sublayer back into the streams: {@code out_k = fma(post_k, y, sum_j comb[j][k] x_j)}
   * for columns {@code from <= c < to}, one fused multiply-add per j in ascending order from +0
   * (spec 2.2).
   *
   * @param comb {@code [streams, streams]} from {@code combOffset}
   * @param post one per stream from {@code postOffset}
   * @param x {@code [streams, width]} from {@code xOffset}
   * @param y {@code [width]} from {@code yOffset}
   * @param out as x, from {@code xOffset}
   */
  void expandStreams(
      float[] comb,
      int combOffset,
      float[] post,
      int postOffset,
      int streams,
      float[] x,
      int xOffset,
      int width,
      float[] y,
      int yOffset,
      int from,
      int to,
      float[] out);
}
