package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.B2D;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Packed weights times several tokens, three rows in a lane. Columns are taken a block of 32 at a
 * time, so that all inputs stay in the first cache level and memory is read at an even pace: inputs
 * are turned to f64 once for all rows, weights once for all tokens.
 */
final class TripleProduct {
  /** Rows that are multiplied together: three groups. */
  static final int ROWS = 3 * PackedLayout.GROUP;

  /** Tokens whose inputs stay in the first cache level. */
  private static final int TOKENS = 128;

  /** Blocks whose inputs are turned to f64 at a time: those of a token are neighbours. */
  private static final int BLOCKS = BlockInput.TILE_BLOCKS;

  /** Strips of rows whose sums wait at a time. */
  private static final int STRIPS = 12;

  private static final int TILE = TripleTile.TOKENS;

  private static final VectorSpecies<Byte> EIGHT = ByteVector.SPECIES_64;
  private static final VectorSpecies<Double> D = DoubleVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  private static final ThreadLocal<TripleProduct> OWN = ThreadLocal.withInitial(TripleProduct::new);

  private final TripleCodes codes = new TripleCodes();
  private final Scratch columns = new Scratch(32 * TripleTile.COLUMN / 4);
  private final Scratch scales = new Scratch(3 * TripleTile.SCALES / 4);
  private final Scratch products = new Scratch(TILE * TripleTile.COLUMN / 4);
  private final Scratch units = new Scratch(STRIPS * TripleCodes.UNIT / 4);
  private final Scratch sums = new Scratch(STRIPS * TOKENS * ROWS);
  // Of each block: codes [TOKENS, 32], scales and negative sums of codes.
  private final double[] x = new double[BLOCKS * 32 * TOKENS];
  private final float[] dx = new float[BLOCKS * TOKENS];
  private final float[] q = new float[BLOCKS * TOKENS];
  private final long[] groups = new long[3];

  private TripleProduct() {}

  /** Whether there are kernels for a layout on this machine. */
  static boolean handles(PackedLayout layout) {
    return switch (layout) {
      case Q4_K, E2M1, IQ2_XXS -> Width.BITS == 512;
      default -> false;
    };
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
    TripleProduct own = OWN.get();
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
    sums.clear(strips * tokens * ROWS);
    long groupBytes = w.layout().groupBytes(w.cols());
    int last = (toRow - 1) / PackedLayout.GROUP;
    for (int b = 0; b < in.blocks(); b++) {
      if (b % BLOCKS == 0) {
        inputs(in, from, tokens, b, Math.min(BLOCKS, in.blocks() - b), w.layout().hasMins());
      }
      for (int strip = 0; strip < strips; strip++) {
        int first = fromRow / PackedLayout.GROUP + 3 * strip;
        for (int g = 0; g < 3; g++) {
          // A last group stands for those behind it.
          groups[g] = groupBytes * Math.min(first + g, last);
        }
        long unit = units.address() + (long) TripleCodes.UNIT * strip;
        codes.unpack(w.layout(), w.data(), groups, b, columns.address(), scales.address(), unit);
        long to = sums.address() + (long) strip * tokens * TripleTile.SUMS;
        add(w.layout(), tokens, b % BLOCKS * TOKENS, to);
      }
    }
    // Outputs of a token lie together.
    for (int t = 0; t < tokens; t++) {
      for (int strip = 0; strip < strips; strip++) {
        int r = fromRow + ROWS * strip;
        int rows = Math.min(ROWS, toRow - r);
        take((strip * tokens + t) * ROWS, y, yAt + t * yStride + r, rows);
      }
    }
  }

  private void inputs(BlockInput in, int from, int tokens, int b, int count, boolean minima) {
    for (int t = 0; t < tokens; t++) {
      int block = (from + t) * in.blocks() + b;
      int tile = in.tileAt(from + t, b);
      for (int i = 0; i < count; i++) {
        int to = TOKENS * i + t;
        dx[to] = in.scales()[block + i];
        if (minima) {
          q[to] = -(in.sums()[2 * (block + i)] + in.sums()[2 * (block + i) + 1]);
        }
        widen(in.tiles(), tile + 32 * i, x, 32 * to);
      }
    }
  }

  private static void widen(byte[] from, int at, double[] to, int toAt) {
    for (int k = 0; k < 32; k += 8) {
      ((DoubleVector) ByteVector.fromArray(EIGHT, from, at + k).convertShape(B2D, D, 0))
          .intoArray(to, toAt + k);
    }
  }

  /**
   * Adds a block's products to the sums of all tokens.
   *
   * @param from place of the block's first token in {@link #dx}
   */
  private void add(PackedLayout layout, int tokens, int from, long to) {
    boolean wide = layout == PackedLayout.IQ2_XXS;
    double begin = wide ? TripleTile.START_WIDE : TripleTile.START;
    long s = scales.address();
    long y = products.address();
    for (int t = 0; t < tokens; t += TILE) {
      int n = Math.min(TILE, tokens - t);
      // Places behind the last token hold what was there before, and nobody takes their sums.
      if (n > 4) {
        TripleTile.products(columns.address(), x, 32 * (from + t), begin, y);
      } else {
        TripleTile.products4(columns.address(), x, 32 * (from + t), begin, y);
      }
      long sum = to + (long) t * TripleTile.SUMS;
      if (wide) {
        TripleTile.addWide(s, y, n, dx, from + t, sum);
      } else if (layout.hasMins()) {
        TripleTile.addWithMinima(s, y, n, dx, q, from + t, sum);
      } else {
        TripleTile.add(s, y, n, dx, from + t, sum);
      }
    }
  }

  private void take(int from, float[] y, int at, int rows) {
    if (rows < ROWS) {
      sums.get(from, y, at, rows);
      return;
    }
    for (int r = 0; r < ROWS; r += F.length()) {
      FloatVector.fromMemorySegment(
              F, Scratch.MEMORY, sums.address() + 4L * (from + r), LITTLE_ENDIAN)
          .intoArray(y, at + r);
    }
  }
}
