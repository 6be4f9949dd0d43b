package io.hadal.kernels.vector.packed;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.packed.PackedLayout;

/**
 * Packed weights times several tokens in 16-bit lanes. Weights are made ready a block of 32 columns
 * at a time, for as many rows as there are, so that what tokens run over is small and memory is
 * read at an even pace.
 */
final class ShortProduct {
  /** Rows that are multiplied together: two groups. */
  static final int ROWS = 2 * PackedLayout.GROUP;

  /** Bytes of the sums of a token. */
  static final int TOKEN = 4 * ROWS;

  /** Pairs of groups that are ready at a time. */
  private static final int PAIRS = 16;

  /** Tokens whose sums wait at a time. */
  private static final int TOKENS = 64;

  private static final ThreadLocal<ShortProduct> OWN = ThreadLocal.withInitial(ShortProduct::new);

  private final Scratch ready = new Scratch(PAIRS * ShortBlocks.BYTES / 4);
  private final Q2kShorts q2k = new Q2kShorts();
  private Scratch sums = new Scratch(PAIRS * 16 * ROWS);

  private ShortProduct() {}

  /** Whether there are kernels for a layout on this machine. */
  static boolean handles(PackedLayout layout) {
    return switch (layout) {
      case Q2_K -> BytePermutation.AVAILABLE;
      default -> false;
    };
  }

  /**
   * As {@link io.hadal.kernels.BlockKernels#multiply}.
   *
   * @param x input of the form {@link BlockInput.Form#PLANES}
   */
  static void multiply(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int fromToken,
      int toToken,
      float[] y,
      int yOffset,
      int yStride) {
    ShortProduct own = OWN.get();
    ShortBlocks blocks =
        switch (w.layout()) {
          case Q2_K -> own.q2k;
          default -> throw new IllegalArgumentException("no 16-bit lanes for " + w);
        };
    for (int t = fromToken; t < toToken; t += TOKENS) {
      int end = Math.min(toToken, t + TOKENS);
      for (int r = fromRow; r < toRow; r += PAIRS * ROWS) {
        int to = Math.min(toRow, r + PAIRS * ROWS);
        own.rows(blocks, w, r, to, x, t, end, y, yOffset + (t - fromToken) * yStride, yStride);
      }
    }
  }

  private void rows(
      ShortBlocks blocks,
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int from,
      int to,
      float[] y,
      int yAt,
      int yStride) {
    int pairs = (toRow - fromRow + ROWS - 1) / ROWS;
    int tokens = to - from;
    int size = pairs * tokens * ROWS;
    if (sums.length() < size) {
      sums = new Scratch(size);
    }
    sums.clear(size);
    PackedLayout layout = w.layout();
    long groupBytes = layout.groupBytes(w.cols());
    long first = groupBytes * (fromRow / PackedLayout.GROUP);
    int perUnit = layout.unit() / 32;
    for (int b = 0; b < x.blocks(); b++) {
      long unit = first + (long) (b / perUnit) * layout.unitBytes();
      for (int pair = 0; pair < pairs; pair++) {
        long a = unit + 2 * pair * groupBytes;
        // A last group without another stands for both.
        boolean both = fromRow + ROWS * pair + PackedLayout.GROUP < toRow;
        long other = both ? a + groupBytes : a;
        blocks.unpack(w.data(), a, other, b % perUnit, ready.address() + pair * ShortBlocks.BYTES);
      }
      blocks.add(x, from, tokens, b, ready.address(), pairs, sums.address());
    }
    for (int pair = 0; pair < pairs; pair++) {
      int r = fromRow + ROWS * pair;
      int rows = Math.min(ROWS, toRow - r);
      for (int t = 0; t < tokens; t++) {
        sums.get((pair * tokens + t) * ROWS, y, yAt + t * yStride + r, rows);
      }
    }
  }
}
