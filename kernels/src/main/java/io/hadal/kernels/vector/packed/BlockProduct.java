package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.B2F;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Packed weights times several tokens in f32, a block of 32 columns at a time: inputs stay bytes in
 * memory and are turned to f32 once for all rows, so that tokens by the hundred run over a block
 * from the first cache level.
 */
final class BlockProduct {
  private static final int ROWS = PanelProduct.ROWS;
  private static final int COLUMN = PanelProduct.COLUMN;
  private static final int TILE = BlockInput.PANEL;
  private static final int L = Width.LENGTH;

  /** Tokens whose inputs stay in the first cache level. */
  private static final int TOKENS = 128;

  /** Blocks whose inputs are turned to f32 at a time: those of a token are neighbours. */
  private static final int BLOCKS = BlockInput.TILE_BLOCKS;

  /** Strips of rows whose sums wait at a time. */
  private static final int STRIPS = 12;

  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;

  private static final ThreadLocal<BlockProduct> OWN = ThreadLocal.withInitial(BlockProduct::new);

  private final PanelCodes codes = new PanelCodes();
  private final Scratch columns = new Scratch(32 * ROWS);
  private final Scratch sums = new Scratch(STRIPS * TOKENS * ROWS);
  private final float[] scales = new float[ROWS];
  // Of each block: codes [TOKENS, 32] and scales.
  private final float[] x = new float[BLOCKS * 32 * TOKENS];
  private final float[] dx = new float[BLOCKS * TOKENS];

  private BlockProduct() {}

  /** Whether a layout is multiplied so. Four lanes would read bytes behind the last code. */
  static boolean handles(PackedLayout layout) {
    return layout == PackedLayout.Q8 && Width.BITS >= 256;
  }

  /**
   * As {@link io.hadal.kernels.BlockKernels#multiply}.
   *
   * @param x input of the form {@link BlockInput.Form#TILES}
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
    BlockProduct own = OWN.get();
    for (int t = fromToken; t < toToken; t += TOKENS) {
      int end = Math.min(toToken, t + TOKENS);
      for (int r = fromRow; r < toRow; r += STRIPS * ROWS) {
        int to = Math.min(toRow, r + STRIPS * ROWS);
        own.rows(w, r, to, x, t, end - t, y, yOffset + (t - fromToken) * yStride, yStride);
      }
    }
  }

  private void rows(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput in,
      int from,
      int tokens,
      float[] y,
      int yAt,
      int yStride) {
    int strips = (toRow - fromRow + ROWS - 1) / ROWS;
    int padded = (tokens + TILE - 1) / TILE * TILE;
    sums.clear(strips * padded * ROWS);
    long groupBytes = w.layout().groupBytes(w.cols());
    for (int b = 0; b < in.blocks(); b++) {
      if (b % BLOCKS == 0) {
        inputs(in, from, tokens, b, Math.min(BLOCKS, in.blocks() - b));
      }
      for (int strip = 0; strip < strips; strip++) {
        int r = fromRow + ROWS * strip;
        int rows = Math.min(ROWS, toRow - r);
        long at = groupBytes * (r / PackedLayout.GROUP);
        for (int row = 0; row < rows; row += PackedLayout.GROUP) {
          codes.unpack(w.layout(), w.data(), at, b, 1, columns.address(), row, scales, scales);
          at += groupBytes;
        }
        add(tokens, b % BLOCKS * TOKENS, rows, sums.address() + (long) strip * padded * COLUMN);
      }
    }
    // Outputs of a token lie together.
    for (int t = 0; t < tokens; t++) {
      for (int strip = 0; strip < strips; strip++) {
        int r = fromRow + ROWS * strip;
        int rows = Math.min(ROWS, toRow - r);
        take((strip * padded + t) * ROWS, y, yAt + t * yStride + r, rows);
      }
    }
  }

  private void inputs(BlockInput in, int from, int tokens, int b, int count) {
    for (int t = 0; t < tokens; t++) {
      int block = (from + t) * in.blocks() + b;
      int tile = in.tileAt(from + t, b);
      for (int i = 0; i < count; i++) {
        dx[TOKENS * i + t] = in.scales()[block + i];
        widen(in.tiles(), tile + 32 * i, x, 32 * (TOKENS * i + t));
      }
    }
  }

  private static void widen(byte[] from, int at, float[] to, int toAt) {
    for (int k = 0; k < 32; k += L) {
      ((FloatVector) ByteVector.fromArray(B, from, at + k).convertShape(B2F, F, 0))
          .intoArray(to, toAt + k);
    }
  }

  /**
   * Adds a block's products to the sums of all tokens.
   *
   * @param from place of the block's first token in {@link #dx}
   */
  private void add(int tokens, int from, int rows, long to) {
    long p = columns.address();
    // Places behind the last token hold what was there before, and nobody takes their sums.
    for (int t = 0; t < tokens; t += TILE) {
      int at = from + t;
      for (int v = 0; v < rows; v += 2 * L) {
        long sum = to + COLUMN * t + 4 * v;
        if (tokens - t == 1) {
          PanelTile.addOne(p + 4 * v, x, 32 * at, scales, v, dx[at], sum);
        } else {
          PanelTile.add(p + 4 * v, x, 32 * at, scales, v, dx, at, 1, sum);
        }
      }
    }
  }

  private void take(int from, float[] y, int at, int rows) {
    if (rows < ROWS) {
      sums.get(from, y, at, rows);
      return;
    }
    for (int r = 0; r < ROWS; r += L) {
      FloatVector.fromMemorySegment(
              F, Scratch.MEMORY, sums.address() + 4L * (from + r), LITTLE_ENDIAN)
          .intoArray(y, at + r);
    }
  }
}
