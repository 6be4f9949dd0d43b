package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.hadal.kernels.packed.GridCodes;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.scalar.Grids;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns three groups of rows into what {@link TripleTile} takes. The first two rows of a lane are
 * put together in its low word, the third in the high word, behind the exponent of 2^52.
 */
final class TripleCodes {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;
  private static final VectorSpecies<Byte> QUARTER = ByteVector.SPECIES_128;
  private static final int COLUMN = TripleTile.COLUMN;

  /** High word of 2^52. */
  private static final int EXPONENT = 0x43300000;

  private static final int FIRST = 15;
  private static final int SECOND = 15 << TripleTile.FIELD;
  private static final int THIRD = 15 << 2 * TripleTile.FIELD - 32;

  /** Keeps the low word of signed values positive, and the high word's integer. */
  private static final int LOW_BIAS = 1 << 21;

  private static final int HIGH_BIAS = 1 << 18;

  private static final IntVector E0 = table(Grids.DOUBLED_E2M1, 0, LOW_BIAS);
  private static final IntVector E1 = table(Grids.DOUBLED_E2M1, TripleTile.FIELD, 0);
  private static final IntVector E2 =
      table(Grids.DOUBLED_E2M1, 2 * TripleTile.FIELD - 32, EXPONENT + HIGH_BIAS);

  /** Eight codes of a grid entry, a nibble each. */
  private static final int[] NIBBLES = nibbles(GridCodes.IQ2_XXS);

  private static final float[] LEVELS = GridCodes.signed(8, 25, 43, 0);
  private static final int WIDE_BIAS = 1 << 24;
  private static final int WIDE = TripleTile.WIDE_FIELD;
  private static final IntVector G0 = table(LEVELS, 0, WIDE_BIAS);
  private static final IntVector G1 = table(LEVELS, WIDE, 0);
  private static final IntVector G2 = table(LEVELS, 2 * WIDE - 32, EXPONENT + HIGH_BIAS);

  /** Low and high words of rows 0 to 7 in turn, and of rows 8 to 15. */
  private static final IntVector FRONT = turns(0);

  private static final IntVector BACK = turns(8);

  /** Bytes of what the blocks of a unit share. */
  static final int UNIT = 384;

  private static final FloatVector ONE = FloatVector.broadcast(F, 1);

  private final Scratch weights = new Scratch(TripleGrid.SCRATCH / 4);
  private final float[] half = new float[16];
  private final int[] index = new int[16];

  private static int[] nibbles(int[] pairs) {
    int[] out = new int[pairs.length];
    for (int i = 0; i < out.length; i++) {
      for (int j = 0; j < 8; j++) {
        out[i] |= (pairs[i] >> 2 * j & 3) << 4 * j;
      }
    }
    return out;
  }

  private static IntVector table(float[] values, int shift, int plus) {
    int[] lanes = new int[16];
    for (int i = 0; i < 16; i++) {
      lanes[i] = ((int) values[i] << shift) + plus;
    }
    return IntVector.fromArray(I, lanes, 0);
  }

  private static IntVector turns(int from) {
    int[] lanes = new int[16];
    for (int i = 0; i < 16; i++) {
      lanes[i] = from + i / 2 + (i % 2) * 16;
    }
    return IntVector.fromArray(I, lanes, 0);
  }

  /**
   * Makes a block of three groups ready.
   *
   * @param w packed groups
   * @param at address in {@code w} of each group
   * @param b the block; those before it in its unit were made ready with the same {@code unit}
   * @param to address of the columns, {@link TripleTile#COLUMN} bytes each
   * @param scales address of the block's scales
   * @param unit address of {@link #UNIT} bytes that go from a block of a unit to the next
   */
  void unpack(
      PackedLayout layout, MemorySegment w, long[] at, int b, long to, long scales, long unit) {
    switch (layout) {
      case Q4_K -> {
        long first = (long) (b / 8) * layout.unitBytes();
        long block = first + layout.header() + (long) (b % 8) * layout.blockBytes();
        for (int g = 0; g < 3 && b % 8 == 0; g++) {
          half(w, at[g] + first, 1, unit + 128 * g);
          half(w, at[g] + first + 32, 1, unit + 128 * g + 64);
        }
        // Codes before the scales behind them: the processor fetches ahead of what is read upwards.
        nibbles(w, at[0] + block, at[1] + block, at[2] + block, to);
        for (int g = 0; g < 3; g++) {
          q4kScales(
              w,
              at[g] + block + layout.codeBytes(),
              g,
              scales + TripleTile.SCALES * g,
              unit + 128 * g);
        }
      }
      case E2M1 -> {
        long block = (long) b * layout.blockBytes();
        e2m1(w, at[0] + block, at[1] + block, at[2] + block, to);
        for (int g = 0; g < 3; g++) {
          long s = scales + TripleTile.SCALES * g;
          factor(ONE, g, s);
          UnitScales.e8m0(w, at[g] + block + layout.codeBytes(), half, 0);
          FloatVector.fromArray(F, half, 0)
              .intoMemorySegment(Scratch.MEMORY, s + 128, LITTLE_ENDIAN);
        }
      }
      case IQ2_XXS -> {
        long first = (long) (b / 8) * layout.unitBytes();
        long block = first + layout.header() + (long) (b % 8) * layout.blockBytes();
        for (int g = 0; g < 3; g++) {
          if (b % 8 == 0) {
            half(w, at[g] + first, layout.part(), unit + 128 * g);
          }
          long nibble = at[g] + first + 32 + 16L * (b % 8 >> 1);
          gridScales(w, nibble, 4 * (b & 1), scales + TripleTile.SCALES * g, unit + 128 * g);
        }
        if (BytePermutation.AVAILABLE) {
          TripleGrid.columns(w, at[0] + block, at[1] + block, at[2] + block, to, weights.address());
        } else {
          grid(w, at[0] + block, at[1] + block, at[2] + block, to);
        }
      }
      default -> throw new IllegalArgumentException("no three rows in a lane for " + layout);
    }
  }

  private void half(MemorySegment w, long at, float factor, long to) {
    UnitScales.half(w, at, factor, half, 0);
    FloatVector.fromArray(F, half, 0).intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
  }

  /** Scales of a group's block. */
  private static void q4kScales(MemorySegment w, long at, int g, long to, long unit) {
    factor(
        (FloatVector)
            ByteVector.fromMemorySegment(QUARTER, w, at, LITTLE_ENDIAN).convertShape(B2F, F, 0),
        g,
        to);
    FloatVector.fromMemorySegment(F, Scratch.MEMORY, unit, LITTLE_ENDIAN)
        .intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    ((FloatVector)
            ByteVector.fromMemorySegment(QUARTER, w, at + 16, LITTLE_ENDIAN)
                .convertShape(B2F, F, 0))
        .intoMemorySegment(Scratch.MEMORY, to + 192, LITTLE_ENDIAN);
    FloatVector.fromMemorySegment(F, Scratch.MEMORY, unit + 64, LITTLE_ENDIAN)
        .intoMemorySegment(Scratch.MEMORY, to + 256, LITTLE_ENDIAN);
  }

  /** What a sum is multiplied by, and what is too much then. */
  private static void factor(FloatVector s, int g, long to) {
    FloatVector times = g == 2 ? s.mul(0.25f) : s;
    times.intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    times
        .mul(g == 2 ? -TripleTile.TOO_MUCH_TIMES_4 : -TripleTile.TOO_MUCH)
        .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
  }

  static void column(IntVector low, IntVector high, double minus, long to) {
    FRONT
        .selectFrom(low, high)
        .reinterpretAsDoubles()
        .sub(minus)
        .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    BACK.selectFrom(low, high)
        .reinterpretAsDoubles()
        .sub(minus)
        .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
  }

  private static void nibbles(MemorySegment w, long p0, long p1, long p2, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector a = IntVector.fromMemorySegment(I, w, p0 + 64 * k, LITTLE_ENDIAN);
      IntVector b = IntVector.fromMemorySegment(I, w, p1 + 64 * k, LITTLE_ENDIAN);
      IntVector c = IntVector.fromMemorySegment(I, w, p2 + 64 * k, LITTLE_ENDIAN);
      long at = to + 8 * k * COLUMN;
      column(
          a.and(FIRST).or(b.lanewise(LSHL, 17).and(SECOND)),
          c.lanewise(LSHL, 2).and(THIRD).or(EXPONENT),
          0x1p52,
          at + 0 * COLUMN);
      column(
          a.lanewise(LSHR, 4).and(FIRST).or(b.lanewise(LSHL, 13).and(SECOND)),
          c.lanewise(LSHR, 2).and(THIRD).or(EXPONENT),
          0x1p52,
          at + 1 * COLUMN);
      column(
          a.lanewise(LSHR, 8).and(FIRST).or(b.lanewise(LSHL, 9).and(SECOND)),
          c.lanewise(LSHR, 6).and(THIRD).or(EXPONENT),
          0x1p52,
          at + 2 * COLUMN);
      column(
          a.lanewise(LSHR, 12).and(FIRST).or(b.lanewise(LSHL, 5).and(SECOND)),
          c.lanewise(LSHR, 10).and(THIRD).or(EXPONENT),
          0x1p52,
          at + 3 * COLUMN);
      column(
          a.lanewise(LSHR, 16).and(FIRST).or(b.lanewise(LSHL, 1).and(SECOND)),
          c.lanewise(LSHR, 14).and(THIRD).or(EXPONENT),
          0x1p52,
          at + 4 * COLUMN);
      column(
          a.lanewise(LSHR, 20).and(FIRST).or(b.lanewise(LSHR, 3).and(SECOND)),
          c.lanewise(LSHR, 18).and(THIRD).or(EXPONENT),
          0x1p52,
          at + 5 * COLUMN);
      column(
          a.lanewise(LSHR, 24).and(FIRST).or(b.lanewise(LSHR, 7).and(SECOND)),
          c.lanewise(LSHR, 22).and(THIRD).or(EXPONENT),
          0x1p52,
          at + 6 * COLUMN);
      column(
          a.lanewise(LSHR, 28).and(FIRST).or(b.lanewise(LSHR, 11).and(SECOND)),
          c.lanewise(LSHR, 26).and(THIRD).or(EXPONENT),
          0x1p52,
          at + 7 * COLUMN);
    }
  }

  private static void e2m1(MemorySegment w, long p0, long p1, long p2, long to) {
    double minus = 0x1p52 + 0x1p50 + LOW_BIAS;
    for (int k = 0; k < 4; k++) {
      IntVector a = IntVector.fromMemorySegment(I, w, p0 + 64 * k, LITTLE_ENDIAN);
      IntVector b = IntVector.fromMemorySegment(I, w, p1 + 64 * k, LITTLE_ENDIAN);
      IntVector c = IntVector.fromMemorySegment(I, w, p2 + 64 * k, LITTLE_ENDIAN);
      long at = to + 8 * k * COLUMN;
      column(a.selectFrom(E0).add(b.selectFrom(E1)), c.selectFrom(E2), minus, at + 0 * COLUMN);
      column(
          a.lanewise(LSHR, 4).selectFrom(E0).add(b.lanewise(LSHR, 4).selectFrom(E1)),
          c.lanewise(LSHR, 4).selectFrom(E2),
          minus,
          at + 1 * COLUMN);
      column(
          a.lanewise(LSHR, 8).selectFrom(E0).add(b.lanewise(LSHR, 8).selectFrom(E1)),
          c.lanewise(LSHR, 8).selectFrom(E2),
          minus,
          at + 2 * COLUMN);
      column(
          a.lanewise(LSHR, 12).selectFrom(E0).add(b.lanewise(LSHR, 12).selectFrom(E1)),
          c.lanewise(LSHR, 12).selectFrom(E2),
          minus,
          at + 3 * COLUMN);
      column(
          a.lanewise(LSHR, 16).selectFrom(E0).add(b.lanewise(LSHR, 16).selectFrom(E1)),
          c.lanewise(LSHR, 16).selectFrom(E2),
          minus,
          at + 4 * COLUMN);
      column(
          a.lanewise(LSHR, 20).selectFrom(E0).add(b.lanewise(LSHR, 20).selectFrom(E1)),
          c.lanewise(LSHR, 20).selectFrom(E2),
          minus,
          at + 5 * COLUMN);
      column(
          a.lanewise(LSHR, 24).selectFrom(E0).add(b.lanewise(LSHR, 24).selectFrom(E1)),
          c.lanewise(LSHR, 24).selectFrom(E2),
          minus,
          at + 6 * COLUMN);
      column(
          a.lanewise(LSHR, 28).selectFrom(E0).add(b.lanewise(LSHR, 28).selectFrom(E1)),
          c.lanewise(LSHR, 28).selectFrom(E2),
          minus,
          at + 7 * COLUMN);
    }
  }

  private static void gridScales(MemorySegment w, long at, int shift, long to, long unit) {
    FloatVector s =
        (FloatVector)
            ((IntVector)
                    ByteVector.fromMemorySegment(QUARTER, w, at, LITTLE_ENDIAN)
                        .convertShape(ZERO_EXTEND_B2I, I, 0))
                .lanewise(LSHR, shift)
                .and(15)
                .convert(I2F, 0);
    s = s.add(s).add(1);
    s.intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    s.mul(-TripleTile.TOO_MUCH_WIDE).intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    FloatVector.fromMemorySegment(F, Scratch.MEMORY, unit, LITTLE_ENDIAN)
        .intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
  }

  /** Codes and signs of eight columns, a nibble each: two bits of code, a bit of sign. */
  private IntVector eight(MemorySegment w, long p, int e) {
    IntVector.fromMemorySegment(I, w, p, LITTLE_ENDIAN)
        .lanewise(LSHR, 8 * e)
        .and(255)
        .intoArray(index, 0);
    IntVector s =
        IntVector.fromMemorySegment(I, w, p + 64, LITTLE_ENDIAN).lanewise(LSHR, 8 * e).and(255);
    s = s.lanewise(LSHL, 12).or(s).and(0x000f000f);
    s = s.lanewise(LSHL, 6).or(s).and(0x03030303);
    s = s.lanewise(LSHL, 3).or(s).and(0x11111111);
    return s.lanewise(LSHL, 2).or(IntVector.fromArray(I, NIBBLES, 0, index, 0));
  }

  /** Columns of grid entries that are gathered, for processors without permutations of bytes. */
  void grid(MemorySegment w, long p0, long p1, long p2, long to) {
    double minus = 0x1p52 + 0x1p50 + WIDE_BIAS;
    for (int e = 0; e < 4; e++) {
      IntVector a = eight(w, p0, e);
      IntVector b = eight(w, p1, e);
      IntVector c = eight(w, p2, e);
      long at = to + 8 * e * COLUMN;
      column(a.selectFrom(G0).add(b.selectFrom(G1)), c.selectFrom(G2), minus, at + 0 * COLUMN);
      column(
          a.lanewise(LSHR, 4).selectFrom(G0).add(b.lanewise(LSHR, 4).selectFrom(G1)),
          c.lanewise(LSHR, 4).selectFrom(G2),
          minus,
          at + 1 * COLUMN);
      column(
          a.lanewise(LSHR, 8).selectFrom(G0).add(b.lanewise(LSHR, 8).selectFrom(G1)),
          c.lanewise(LSHR, 8).selectFrom(G2),
          minus,
          at + 2 * COLUMN);
      column(
          a.lanewise(LSHR, 12).selectFrom(G0).add(b.lanewise(LSHR, 12).selectFrom(G1)),
          c.lanewise(LSHR, 12).selectFrom(G2),
          minus,
          at + 3 * COLUMN);
      column(
          a.lanewise(LSHR, 16).selectFrom(G0).add(b.lanewise(LSHR, 16).selectFrom(G1)),
          c.lanewise(LSHR, 16).selectFrom(G2),
          minus,
          at + 4 * COLUMN);
      column(
          a.lanewise(LSHR, 20).selectFrom(G0).add(b.lanewise(LSHR, 20).selectFrom(G1)),
          c.lanewise(LSHR, 20).selectFrom(G2),
          minus,
          at + 5 * COLUMN);
      column(
          a.lanewise(LSHR, 24).selectFrom(G0).add(b.lanewise(LSHR, 24).selectFrom(G1)),
          c.lanewise(LSHR, 24).selectFrom(G2),
          minus,
          at + 6 * COLUMN);
      column(
          a.lanewise(LSHR, 28).selectFrom(G0).add(b.lanewise(LSHR, 28).selectFrom(G1)),
          c.lanewise(LSHR, 28).selectFrom(G2),
          minus,
          at + 7 * COLUMN);
    }
  }
}
