package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** A block of two groups of rows times eight tokens in 16-bit lanes, two columns a row. */
final class Q4kTile {
  static final int TOKENS = 8;

  /** From a block's weights to its scales. */
  static final int SCALES = 2048;

  /** Vectors of scales of a group. */
  static final int GROUP = 6;

  /** Vectors before those of the unit. */
  static final int UNIT = 4;

  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  private Q4kTile() {}

  /**
   * Sums of products, those of the pairs' first columns in the low halves of 32-bit lanes.
   *
   * @param p address of the weights, two groups a pair of columns
   * @param x pairs of columns, {@code [8][16]}
   * @param to address of the sums, two groups a token
   */
  static void products(long p, int[] x, long to) {
    ShortVector a0 = ShortVector.zero(S);
    ShortVector a1 = ShortVector.zero(S);
    ShortVector a2 = ShortVector.zero(S);
    ShortVector a3 = ShortVector.zero(S);
    ShortVector a4 = ShortVector.zero(S);
    ShortVector a5 = ShortVector.zero(S);
    ShortVector a6 = ShortVector.zero(S);
    ShortVector a7 = ShortVector.zero(S);
    ShortVector b0 = ShortVector.zero(S);
    ShortVector b1 = ShortVector.zero(S);
    ShortVector b2 = ShortVector.zero(S);
    ShortVector b3 = ShortVector.zero(S);
    ShortVector b4 = ShortVector.zero(S);
    ShortVector b5 = ShortVector.zero(S);
    ShortVector b6 = ShortVector.zero(S);
    ShortVector b7 = ShortVector.zero(S);
    for (int k = 0; k < 16; k++) {
      ShortVector wa = ShortVector.fromMemorySegment(S, Scratch.MEMORY, p + 128 * k, LITTLE_ENDIAN);
      ShortVector wb =
          ShortVector.fromMemorySegment(S, Scratch.MEMORY, p + 128 * k + 64, LITTLE_ENDIAN);
      ShortVector x0 = IntVector.broadcast(I, x[k]).reinterpretAsShorts();
      a0 = a0.add(wa.mul(x0));
      b0 = b0.add(wb.mul(x0));
      ShortVector x1 = IntVector.broadcast(I, x[k + 16]).reinterpretAsShorts();
      a1 = a1.add(wa.mul(x1));
      b1 = b1.add(wb.mul(x1));
      ShortVector x2 = IntVector.broadcast(I, x[k + 32]).reinterpretAsShorts();
      a2 = a2.add(wa.mul(x2));
      b2 = b2.add(wb.mul(x2));
      ShortVector x3 = IntVector.broadcast(I, x[k + 48]).reinterpretAsShorts();
      a3 = a3.add(wa.mul(x3));
      b3 = b3.add(wb.mul(x3));
      ShortVector x4 = IntVector.broadcast(I, x[k + 64]).reinterpretAsShorts();
      a4 = a4.add(wa.mul(x4));
      b4 = b4.add(wb.mul(x4));
      ShortVector x5 = IntVector.broadcast(I, x[k + 80]).reinterpretAsShorts();
      a5 = a5.add(wa.mul(x5));
      b5 = b5.add(wb.mul(x5));
      ShortVector x6 = IntVector.broadcast(I, x[k + 96]).reinterpretAsShorts();
      a6 = a6.add(wa.mul(x6));
      b6 = b6.add(wb.mul(x6));
      ShortVector x7 = IntVector.broadcast(I, x[k + 112]).reinterpretAsShorts();
      a7 = a7.add(wa.mul(x7));
      b7 = b7.add(wb.mul(x7));
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
   * Adds the sums of {@link #products} under their scales.
   *
   * @param p address of weights and scales
   * @param token scales and negative sums of the codes, TOKENS each
   * @param sums address of the rows' sums
   */
  static void add(long p, long products, int tokens, float[] token, long sums) {
    long scales = p + SCALES;
    for (int t = 0; t < tokens; t++) {
      FloatVector dx = FloatVector.broadcast(F, token[t]);
      FloatVector q = FloatVector.broadcast(F, token[TOKENS + t]);
      IntVector a =
          IntVector.fromMemorySegment(
              I, Scratch.MEMORY, products + ShortProduct.TOKEN * t, LITTLE_ENDIAN);
      IntVector b =
          IntVector.fromMemorySegment(
              I, Scratch.MEMORY, products + ShortProduct.TOKEN * t + 64, LITTLE_ENDIAN);
      long to = sums + ShortProduct.TOKEN * t;
      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 192, LITTLE_ENDIAN)
          .mul(q)
          .fma(
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 320, LITTLE_ENDIAN).mul(dx),
              ((FloatVector) a.and(0xffff0000).convert(I2F, 0))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 128, LITTLE_ENDIAN),
                      a.and(0xffff)
                          .lanewise(XOR, ShortBlocks.LOW)
                          .reinterpretAsFloats()
                          .fma(
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, scales, LITTLE_ENDIAN),
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, scales + 64, LITTLE_ENDIAN)))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 256, LITTLE_ENDIAN)
                          .mul(dx),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 576, LITTLE_ENDIAN)
          .mul(q)
          .fma(
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 704, LITTLE_ENDIAN).mul(dx),
              ((FloatVector) b.and(0xffff0000).convert(I2F, 0))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 512, LITTLE_ENDIAN),
                      b.and(0xffff)
                          .lanewise(XOR, ShortBlocks.LOW)
                          .reinterpretAsFloats()
                          .fma(
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, scales + 384, LITTLE_ENDIAN),
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, scales + 448, LITTLE_ENDIAN)))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 640, LITTLE_ENDIAN)
                          .mul(dx),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 64, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    }
  }
}
