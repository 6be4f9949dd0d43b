package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** A block of two groups of rows, whose products are looked up, times several tokens. */
final class Q2kTile {
  private static final VectorSpecies<Byte> B = ByteVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  static final int TOKENS = 16;

  /** From a block's indices to its scales. */
  static final int SCALES = 1024;

  /** Vectors of scales before those of the unit. */
  static final int UNIT = 10;

  private Q2kTile() {}

  /**
   * Adds the products of 32 columns under their scales.
   *
   * @param p address of indices and scales
   * @param tables address of the tokens' tables, two a vector
   * @param token scales, negative sums of the first 16 codes and of the others, TOKENS each
   * @param sums address of the rows' sums
   */
  static void add(long p, long tables, int tokens, float[] token, long sums) {
    ByteVector i0 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p, LITTLE_ENDIAN);
    ByteVector i1 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 64, LITTLE_ENDIAN);
    ByteVector i2 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 128, LITTLE_ENDIAN);
    ByteVector i3 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 192, LITTLE_ENDIAN);
    ByteVector i4 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 256, LITTLE_ENDIAN);
    ByteVector i5 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 320, LITTLE_ENDIAN);
    ByteVector i6 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 384, LITTLE_ENDIAN);
    ByteVector i7 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 448, LITTLE_ENDIAN);
    ByteVector i8 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 512, LITTLE_ENDIAN);
    ByteVector i9 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 576, LITTLE_ENDIAN);
    ByteVector i10 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 640, LITTLE_ENDIAN);
    ByteVector i11 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 704, LITTLE_ENDIAN);
    ByteVector i12 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 768, LITTLE_ENDIAN);
    ByteVector i13 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 832, LITTLE_ENDIAN);
    ByteVector i14 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 896, LITTLE_ENDIAN);
    ByteVector i15 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, p + 960, LITTLE_ENDIAN);
    long scales = p + SCALES;
    for (int t = 0; t < tokens; t++) {
      long x = tables + 512 * t;
      ByteVector x0 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, x, LITTLE_ENDIAN);
      ByteVector x1 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, x + 64, LITTLE_ENDIAN);
      ByteVector x2 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, x + 128, LITTLE_ENDIAN);
      ByteVector x3 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, x + 192, LITTLE_ENDIAN);
      IntVector s0 =
          i0.selectFrom(x0)
              .reinterpretAsShorts()
              .add(i1.selectFrom(x0).reinterpretAsShorts())
              .add(
                  i2.selectFrom(x1)
                      .reinterpretAsShorts()
                      .add(i3.selectFrom(x1).reinterpretAsShorts()))
              .add(
                  i4.selectFrom(x2)
                      .reinterpretAsShorts()
                      .add(i5.selectFrom(x2).reinterpretAsShorts())
                      .add(
                          i6.selectFrom(x3)
                              .reinterpretAsShorts()
                              .add(i7.selectFrom(x3).reinterpretAsShorts())))
              .reinterpretAsInts();
      ByteVector x4 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, x + 256, LITTLE_ENDIAN);
      ByteVector x5 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, x + 320, LITTLE_ENDIAN);
      ByteVector x6 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, x + 384, LITTLE_ENDIAN);
      ByteVector x7 = ByteVector.fromMemorySegment(B, Scratch.MEMORY, x + 448, LITTLE_ENDIAN);
      IntVector s1 =
          i8.selectFrom(x4)
              .reinterpretAsShorts()
              .add(i9.selectFrom(x4).reinterpretAsShorts())
              .add(
                  i10.selectFrom(x5)
                      .reinterpretAsShorts()
                      .add(i11.selectFrom(x5).reinterpretAsShorts()))
              .add(
                  i12.selectFrom(x6)
                      .reinterpretAsShorts()
                      .add(i13.selectFrom(x6).reinterpretAsShorts())
                      .add(
                          i14.selectFrom(x7)
                              .reinterpretAsShorts()
                              .add(i15.selectFrom(x7).reinterpretAsShorts())))
              .reinterpretAsInts();
      FloatVector dx = FloatVector.broadcast(F, token[t]);
      FloatVector q0 = FloatVector.broadcast(F, token[TOKENS + t]);
      FloatVector q1 = FloatVector.broadcast(F, token[2 * TOKENS + t]);
      long to = sums + ShortProduct.TOKEN * t;
      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 256, LITTLE_ENDIAN)
          .fma(
              q0,
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 320, LITTLE_ENDIAN).mul(q1))
          .fma(
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 704, LITTLE_ENDIAN).mul(dx),
              s0.and(0xffff)
                  .lanewise(XOR, ShortBlocks.LOW)
                  .reinterpretAsFloats()
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales, LITTLE_ENDIAN),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 64, LITTLE_ENDIAN))
                  .add(
                      s1.and(0xffff)
                          .lanewise(XOR, ShortBlocks.LOW)
                          .reinterpretAsFloats()
                          .fma(
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, scales + 128, LITTLE_ENDIAN),
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, scales + 192, LITTLE_ENDIAN)))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 640, LITTLE_ENDIAN)
                          .mul(dx),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 512, LITTLE_ENDIAN)
          .fma(
              q0,
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 576, LITTLE_ENDIAN).mul(q1))
          .fma(
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 832, LITTLE_ENDIAN).mul(dx),
              ((FloatVector) s0.and(0xffff0000).convert(I2F, 0))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 384, LITTLE_ENDIAN),
                      ((FloatVector) s1.and(0xffff0000).convert(I2F, 0))
                          .mul(
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, scales + 448, LITTLE_ENDIAN)))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, scales + 768, LITTLE_ENDIAN)
                          .mul(dx),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 64, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    }
  }
}
