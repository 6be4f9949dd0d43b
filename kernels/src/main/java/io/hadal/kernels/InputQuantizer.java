package io.hadal.kernels;

/** The arithmetic of {@link BlockInput}: rounds blocks of 32 values to 8-bit integers. */
public interface InputQuantizer {
  /** Columns of a block. */
  int BLOCK = 32;

  /**
   * Quantises the blocks of a token; {@link BlockInput} defines the result.
   *
   * @param codes out: 32 for each block from {@code codesAt}
   * @param scales out: one for each block from {@code scalesAt}
   * @param sums out: sums of the codes of 16 columns, two for each block from {@code sumsAt}
   */
  void quantize(
      float[] x,
      int offset,
      int blocks,
      byte[] codes,
      int codesAt,
      float[] scales,
      int scalesAt,
      int[] sums,
      int sumsAt);
}
