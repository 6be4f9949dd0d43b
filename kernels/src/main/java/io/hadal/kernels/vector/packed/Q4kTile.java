package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Sums of a block of Q4_K under their scales. */
final class Q4kTile {
  /** Vectors of scales of a group. */
  static final int GROUP = 6;

  /** Vectors before those of the unit. */
  static final int UNIT = 4;

  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  private Q4kTile() {}

  /**
   * Adds the sums of {@link ShortTile#products} under their scales.
   *
   * @param p address of weights and scales
   * @param token scales and negative sums of the codes, TOKENS each
   * @param sums address of the rows' sums
   */
  static void add(long p, long products, int tokens, float[] token, long sums) {
    for (int t = 0; t < tokens; t++) {
      FloatVector dx = FloatVector.broadcast(F, token[t]);
      FloatVector q = FloatVector.broadcast(F, token[ShortTile.TOKENS + t]);
      IntVector a =
          IntVector.fromMemorySegment(I, Scratch.MEMORY, products + 128 * t, LITTLE_ENDIAN);
      IntVector b =
          IntVector.fromMemorySegment(I, Scratch.MEMORY, products + 128 * t + 64, LITTLE_ENDIAN);
      long to = sums + 128 * t;
      FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2240, LITTLE_ENDIAN)
          .mul(q)
          .fma(
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2368, LITTLE_ENDIAN).mul(dx),
              ((FloatVector) a.and(0xffff0000).convert(I2F, 0))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2176, LITTLE_ENDIAN),
                      a.and(0xffff)
                          .lanewise(XOR, ShortBlocks.LOW)
                          .reinterpretAsFloats()
                          .fma(
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, p + 2048, LITTLE_ENDIAN),
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, p + 2112, LITTLE_ENDIAN)))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2304, LITTLE_ENDIAN)
                          .mul(dx),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 0, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to + 0, LITTLE_ENDIAN);
      FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2624, LITTLE_ENDIAN)
          .mul(q)
          .fma(
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2752, LITTLE_ENDIAN).mul(dx),
              ((FloatVector) b.and(0xffff0000).convert(I2F, 0))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2560, LITTLE_ENDIAN),
                      b.and(0xffff)
                          .lanewise(XOR, ShortBlocks.LOW)
                          .reinterpretAsFloats()
                          .fma(
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, p + 2432, LITTLE_ENDIAN),
                              FloatVector.fromMemorySegment(
                                  F, Scratch.MEMORY, p + 2496, LITTLE_ENDIAN)))
                  .fma(
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2688, LITTLE_ENDIAN)
                          .mul(dx),
                      FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 64, LITTLE_ENDIAN)))
          .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    }
  }
}
