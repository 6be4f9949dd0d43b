package io.hadal.model.config;

import io.hadal.kernels.AttentionKernels;

/**
 * Rounding of cached rows.
 *
 * @param kind element and scale format
 * @param block values that share a scale
 * @param rotated true when the rotated part is rounded as well
 */
public record RowCode(Kind kind, int block, boolean rotated) {

  /** Formats of the released caches. */
  public enum Kind {
    /** E4M3 with power-of-two scales. */
    FP8,
    /** E2M1 with E4M3 scales. */
    FP4_E4M3
  }

  /** Values of a row that are rounded. */
  public int codes(int width, int ropeDim) {
    return rotated ? width : width - ropeDim;
  }

  /** Rounds a row in place. */
  public void round(float[] row, int offset, int width, int ropeDim) {
    AttentionKernels kernels = AttentionKernels.get();
    switch (kind) {
      case FP8 -> kernels.roundFp8(row, offset, codes(width, ropeDim), block);
      case FP4_E4M3 -> kernels.roundFp4E4M3(row, offset, codes(width, ropeDim), block);
    }
  }
}
