package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * A block of three groups of rows times several tokens. An f64 holds the integers of three rows,
 * {@link #FIELD} bits apart, so one multiply-add has 24 products; sums stay below 2^53 and so are
 * exact, and a bias keeps each sum positive within its bits.
 */
final class TripleTile {
  /** Bits from one row of a lane to the next: products of 32 columns are below 2^16. */
  static final int FIELD = 17;

  /** Most tokens of a tile. */
  static final int TOKENS = 8;

  /** Bytes of a column of weights, and of a token's products. */
  static final int COLUMN = 128;

  /** Bytes of the sums of a token. */
  static final int SUMS = 192;

  /** Bytes of a group's scales: factor, its correction, f32 scale, minimum and its f32 scale. */
  static final int SCALES = 320;

  private static final VectorSpecies<Double> D = DoubleVector.SPECIES_512;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  private static final int MASK = (1 << FIELD) - 1;

  /** Bits of 2^23, whose last mantissa bit is worth 1. */
  private static final int BITS = 0x4b000000;

  /** What is too much in the f32 of the first two rows' sums, and in that of the third, times 4. */
  static final float TOO_MUCH = 0x1p23f + 0x1p16f;

  static final float TOO_MUCH_TIMES_4 = 0x1p23f + 0x1p18f;

  /** Sums begin here: integers are in the low bits of an f64 then, with half a field each. */
  static final double START = 0x1p52 + 0x1p16 + 0x1p33 + 0x1p50;

  /** Bits from one row of a lane to the next where products of 32 columns are below 2^17. */
  static final int WIDE_FIELD = 18;

  private static final int WIDE_MASK = (1 << WIDE_FIELD) - 1;

  static final float TOO_MUCH_WIDE = 0x1p23f + 0x1p17f;

  /** Sums begin here for {@link #addWide}: those of the first row stay positive. */
  static final double START_WIDE = 0x1p17;

  private static final int HALF = 1 << WIDE_FIELD - 1;

  /** Rounds to the sum of the third row, half a field more. */
  private static final DoubleVector TOP = DoubleVector.broadcast(D, 0x1p52 + HALF);

  /** Leaves 1.5 * 2^38 behind, so that the other sums are in the low and in the high word. */
  private static final DoubleVector TOP_LESS = DoubleVector.broadcast(D, 0x1p52 + HALF + 6);

  private static final DoubleVector DOWN = DoubleVector.broadcast(D, 0x1p-36);
  private static final DoubleVector UP = DoubleVector.broadcast(D, -0x1p36);

  private static final IntVector LOW = IntVector.broadcast(I, 0).addIndex(2);
  private static final IntVector HIGH = LOW.add(1);

  private TripleTile() {}

  /**
   * Sums of products of eight tokens.
   *
   * @param p address of the weights, rows 0 to 7 and 8 to 15 of the groups in a column
   * @param x 32 columns each of the tokens
   * @param begin {@link #START}, or {@link #START_WIDE}
   * @param to address of the sums, {@link #COLUMN} bytes a token
   */
  static void products(long p, double[] x, int xAt, double begin, long to) {
    DoubleVector start = DoubleVector.broadcast(D, begin);
    DoubleVector a0 = start;
    DoubleVector a1 = start;
    DoubleVector a2 = start;
    DoubleVector a3 = start;
    DoubleVector a4 = start;
    DoubleVector a5 = start;
    DoubleVector a6 = start;
    DoubleVector a7 = start;
    DoubleVector b0 = start;
    DoubleVector b1 = start;
    DoubleVector b2 = start;
    DoubleVector b3 = start;
    DoubleVector b4 = start;
    DoubleVector b5 = start;
    DoubleVector b6 = start;
    DoubleVector b7 = start;
    for (int k = 0; k < 32; k++) {
      DoubleVector wa =
          DoubleVector.fromMemorySegment(D, Scratch.MEMORY, p + k * COLUMN, LITTLE_ENDIAN);
      DoubleVector wb =
          DoubleVector.fromMemorySegment(D, Scratch.MEMORY, p + k * COLUMN + 64, LITTLE_ENDIAN);
      int at = xAt + k;
      DoubleVector x0 = DoubleVector.broadcast(D, x[at]);
      a0 = wa.fma(x0, a0);
      b0 = wb.fma(x0, b0);
      DoubleVector x1 = DoubleVector.broadcast(D, x[at + 32]);
      a1 = wa.fma(x1, a1);
      b1 = wb.fma(x1, b1);
      DoubleVector x2 = DoubleVector.broadcast(D, x[at + 64]);
      a2 = wa.fma(x2, a2);
      b2 = wb.fma(x2, b2);
      DoubleVector x3 = DoubleVector.broadcast(D, x[at + 96]);
      a3 = wa.fma(x3, a3);
      b3 = wb.fma(x3, b3);
      DoubleVector x4 = DoubleVector.broadcast(D, x[at + 128]);
      a4 = wa.fma(x4, a4);
      b4 = wb.fma(x4, b4);
      DoubleVector x5 = DoubleVector.broadcast(D, x[at + 160]);
      a5 = wa.fma(x5, a5);
      b5 = wb.fma(x5, b5);
      DoubleVector x6 = DoubleVector.broadcast(D, x[at + 192]);
      a6 = wa.fma(x6, a6);
      b6 = wb.fma(x6, b6);
      DoubleVector x7 = DoubleVector.broadcast(D, x[at + 224]);
      a7 = wa.fma(x7, a7);
      b7 = wb.fma(x7, b7);
    }
    a0.intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    b0.intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    a1.intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    b1.intoMemorySegment(Scratch.MEMORY, to + 192, LITTLE_ENDIAN);
    a2.intoMemorySegment(Scratch.MEMORY, to + 256, LITTLE_ENDIAN);
    b2.intoMemorySegment(Scratch.MEMORY, to + 320, LITTLE_ENDIAN);
    a3.intoMemorySegment(Scratch.MEMORY, to + 384, LITTLE_ENDIAN);
    b3.intoMemorySegment(Scratch.MEMORY, to + 448, LITTLE_ENDIAN);
    a4.intoMemorySegment(Scratch.MEMORY, to + 512, LITTLE_ENDIAN);
    b4.intoMemorySegment(Scratch.MEMORY, to + 576, LITTLE_ENDIAN);
    a5.intoMemorySegment(Scratch.MEMORY, to + 640, LITTLE_ENDIAN);
    b5.intoMemorySegment(Scratch.MEMORY, to + 704, LITTLE_ENDIAN);
    a6.intoMemorySegment(Scratch.MEMORY, to + 768, LITTLE_ENDIAN);
    b6.intoMemorySegment(Scratch.MEMORY, to + 832, LITTLE_ENDIAN);
    a7.intoMemorySegment(Scratch.MEMORY, to + 896, LITTLE_ENDIAN);
    b7.intoMemorySegment(Scratch.MEMORY, to + 960, LITTLE_ENDIAN);
  }

  /**
   * As {@link #products}, of four tokens.
   *
   * @param p address of the weights, rows 0 to 7 and 8 to 15 of the groups in a column
   * @param x 32 columns each of the tokens
   * @param begin {@link #START}, or {@link #START_WIDE}
   * @param to address of the sums, {@link #COLUMN} bytes a token
   */
  static void products4(long p, double[] x, int xAt, double begin, long to) {
    DoubleVector start = DoubleVector.broadcast(D, begin);
    DoubleVector a0 = start;
    DoubleVector a1 = start;
    DoubleVector a2 = start;
    DoubleVector a3 = start;
    DoubleVector b0 = start;
    DoubleVector b1 = start;
    DoubleVector b2 = start;
    DoubleVector b3 = start;
    for (int k = 0; k < 32; k++) {
      DoubleVector wa =
          DoubleVector.fromMemorySegment(D, Scratch.MEMORY, p + k * COLUMN, LITTLE_ENDIAN);
      DoubleVector wb =
          DoubleVector.fromMemorySegment(D, Scratch.MEMORY, p + k * COLUMN + 64, LITTLE_ENDIAN);
      int at = xAt + k;
      DoubleVector x0 = DoubleVector.broadcast(D, x[at]);
      a0 = wa.fma(x0, a0);
      b0 = wb.fma(x0, b0);
      DoubleVector x1 = DoubleVector.broadcast(D, x[at + 32]);
      a1 = wa.fma(x1, a1);
      b1 = wb.fma(x1, b1);
      DoubleVector x2 = DoubleVector.broadcast(D, x[at + 64]);
      a2 = wa.fma(x2, a2);
      b2 = wb.fma(x2, b2);
      DoubleVector x3 = DoubleVector.broadcast(D, x[at + 96]);
      a3 = wa.fma(x3, a3);
      b3 = wb.fma(x3, b3);
    }
    a0.intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    b0.intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    a1.intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    b1.intoMemorySegment(Scratch.MEMORY, to + 192, LITTLE_ENDIAN);
    a2.intoMemorySegment(Scratch.MEMORY, to + 256, LITTLE_ENDIAN);
    b2.intoMemorySegment(Scratch.MEMORY, to + 320, LITTLE_ENDIAN);
    a3.intoMemorySegment(Scratch.MEMORY, to + 384, LITTLE_ENDIAN);
    b3.intoMemorySegment(Scratch.MEMORY, to + 448, LITTLE_ENDIAN);
  }

  /**
   * Adds the sums of {@link #products} under their scales.
   *
   * @param scales address of the block's scales, {@link #SCALES} bytes a group
   * @param dx scales of the tokens' blocks, from {@code at} on
   * @param sums address of the rows' sums, {@link #SUMS} bytes a token
   */
  static void add(long scales, long products, int tokens, float[] dx, int at, long sums) {
    FloatVector s0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales, LITTLE_ENDIAN);
    FloatVector c0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 64, LITTLE_ENDIAN);
    FloatVector d0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 128, LITTLE_ENDIAN);
    FloatVector s1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 320, LITTLE_ENDIAN);
    FloatVector c1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 384, LITTLE_ENDIAN);
    FloatVector d1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 448, LITTLE_ENDIAN);
    FloatVector s2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 640, LITTLE_ENDIAN);
    FloatVector c2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 704, LITTLE_ENDIAN);
    FloatVector d2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 768, LITTLE_ENDIAN);
    for (int t = 0; t < tokens; t++) {
      long from = products + COLUMN * t;
      long to = sums + SUMS * t;
      IntVector a = IntVector.fromMemorySegment(I, Scratch.MEMORY, from, LITTLE_ENDIAN);
      IntVector b = IntVector.fromMemorySegment(I, Scratch.MEMORY, from + 64, LITTLE_ENDIAN);
      IntVector low = LOW.selectFrom(a, b);
      IntVector high = HIGH.selectFrom(a, b);
      FloatVector x = FloatVector.broadcast(F, dx[at + t]);
      low.and(MASK)
          .or(BITS)
          .reinterpretAsFloats()
          .fma(s0, c0)
          .fma(d0.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
      low.lanewise(LSHR, FIELD)
          .or(high.lanewise(LSHL, 32 - FIELD))
          .and(MASK)
          .or(BITS)
          .reinterpretAsFloats()
          .fma(s1, c1)
          .fma(d1.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 64, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
      high.and(MASK << 2)
          .or(BITS)
          .reinterpretAsFloats()
          .fma(s2, c2)
          .fma(d2.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 128, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    }
  }

  /**
   * As {@link #add}, and takes off the minima.
   *
   * @param scales address of the block's scales, {@link #SCALES} bytes a group
   * @param dx scales of the tokens' blocks, from {@code at} on
   * @param q negative sums of the tokens' codes, in the same places
   * @param sums address of the rows' sums, {@link #SUMS} bytes a token
   */
  static void addWithMinima(
      long scales, long products, int tokens, float[] dx, float[] q, int at, long sums) {
    FloatVector s0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales, LITTLE_ENDIAN);
    FloatVector c0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 64, LITTLE_ENDIAN);
    FloatVector d0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 128, LITTLE_ENDIAN);
    FloatVector m0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 192, LITTLE_ENDIAN);
    FloatVector e0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 256, LITTLE_ENDIAN);
    FloatVector s1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 320, LITTLE_ENDIAN);
    FloatVector c1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 384, LITTLE_ENDIAN);
    FloatVector d1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 448, LITTLE_ENDIAN);
    FloatVector m1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 512, LITTLE_ENDIAN);
    FloatVector e1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 576, LITTLE_ENDIAN);
    FloatVector s2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 640, LITTLE_ENDIAN);
    FloatVector c2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 704, LITTLE_ENDIAN);
    FloatVector d2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 768, LITTLE_ENDIAN);
    FloatVector m2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 832, LITTLE_ENDIAN);
    FloatVector e2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 896, LITTLE_ENDIAN);
    for (int t = 0; t < tokens; t++) {
      long from = products + COLUMN * t;
      long to = sums + SUMS * t;
      IntVector a = IntVector.fromMemorySegment(I, Scratch.MEMORY, from, LITTLE_ENDIAN);
      IntVector b = IntVector.fromMemorySegment(I, Scratch.MEMORY, from + 64, LITTLE_ENDIAN);
      IntVector low = LOW.selectFrom(a, b);
      IntVector high = HIGH.selectFrom(a, b);
      FloatVector x = FloatVector.broadcast(F, dx[at + t]);
      FloatVector y = FloatVector.broadcast(F, q[at + t]);
      m0.mul(y)
          .fma(
              e0.mul(x),
              low.and(MASK)
                  .or(BITS)
                  .reinterpretAsFloats()
                  .fma(s0, c0)
                  .fma(
                      d0.mul(x),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
      m1.mul(y)
          .fma(
              e1.mul(x),
              low.lanewise(LSHR, FIELD)
                  .or(high.lanewise(LSHL, 32 - FIELD))
                  .and(MASK)
                  .or(BITS)
                  .reinterpretAsFloats()
                  .fma(s1, c1)
                  .fma(
                      d1.mul(x),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 64, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
      m2.mul(y)
          .fma(
              e2.mul(x),
              high.and(MASK << 2)
                  .or(BITS)
                  .reinterpretAsFloats()
                  .fma(s2, c2)
                  .fma(
                      d2.mul(x),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 128, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    }
  }

  /**
   * As {@link #add}, of products that lie {@link #WIDE_FIELD} bits apart and began at {@link
   * #START_WIDE}: three such sums fill the 53 bits of an f64, so that of the third row is rounded
   * to first and taken off.
   */
  static void addWide(long scales, long products, int tokens, float[] dx, int at, long sums) {
    FloatVector s0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales, LITTLE_ENDIAN);
    FloatVector c0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 64, LITTLE_ENDIAN);
    FloatVector d0 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 128, LITTLE_ENDIAN);
    FloatVector s1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 320, LITTLE_ENDIAN);
    FloatVector c1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 384, LITTLE_ENDIAN);
    FloatVector d1 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 448, LITTLE_ENDIAN);
    FloatVector s2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 640, LITTLE_ENDIAN);
    FloatVector c2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 704, LITTLE_ENDIAN);
    FloatVector d2 = FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 768, LITTLE_ENDIAN);
    for (int t = 0; t < tokens; t++) {
      long from = products + COLUMN * t;
      long to = sums + SUMS * t;
      DoubleVector a = DoubleVector.fromMemorySegment(D, Scratch.MEMORY, from, LITTLE_ENDIAN);
      DoubleVector b = DoubleVector.fromMemorySegment(D, Scratch.MEMORY, from + 64, LITTLE_ENDIAN);
      DoubleVector ua = a.fma(DOWN, TOP);
      DoubleVector ub = b.fma(DOWN, TOP);
      IntVector third = LOW.selectFrom(ua.reinterpretAsInts(), ub.reinterpretAsInts());
      IntVector ra = ua.sub(TOP_LESS).fma(UP, a).reinterpretAsInts();
      IntVector rb = ub.sub(TOP_LESS).fma(UP, b).reinterpretAsInts();
      IntVector first = LOW.selectFrom(ra, rb);
      IntVector second = HIGH.selectFrom(ra, rb);
      FloatVector x = FloatVector.broadcast(F, dx[at + t]);
      first
          .lanewise(LSHR, 32 - WIDE_FIELD)
          .or(BITS)
          .reinterpretAsFloats()
          .fma(s0, c0)
          .fma(d0.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
      second
          .and(WIDE_MASK)
          .lanewise(XOR, BITS + HALF)
          .reinterpretAsFloats()
          .fma(s1, c1)
          .fma(d1.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 64, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
      third
          .or(BITS)
          .reinterpretAsFloats()
          .fma(s2, c2)
          .fma(d2.mul(x), FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 128, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    }
  }
}
