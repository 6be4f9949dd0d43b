package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Sums of a block of IQ2_XXS under their scales. */
final class Iq2XxsTile {
  /** Vectors of scales of a group. */
  static final int GROUP = 3;

  /** Vectors before that of the unit. */
  static final int UNIT = 2;

  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  private Iq2XxsTile() {}

  /** As {@link ShortProducts#scaled}. */
  static void add(long p, long products, int tokens, float[] token, long sums) {
    for (int t = 0; t < tokens; t++) {
      FloatVector dx = FloatVector.broadcast(F, token[t]);
      long at = products + ShortProduct.TOKEN * t;
      long to = sums + ShortProduct.TOKEN * t;
      IntVector a0 = IntVector.fromMemorySegment(I, Scratch.MEMORY, at + 0, LITTLE_ENDIAN);
      IntVector a1 =
          IntVector.fromMemorySegment(
              I, Scratch.MEMORY, at + 0 + ShortProducts.TILE, LITTLE_ENDIAN);
      FloatVector a =
          a0.and(0xffff)
              .lanewise(XOR, 0x8000)
              .add(a1.and(0xffff).lanewise(XOR, ShortBlocks.LOW))
              .reinterpretAsFloats()
              .fma(
                  FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2048, LITTLE_ENDIAN),
                  FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2112, LITTLE_ENDIAN));
      ((FloatVector) a0.lanewise(ASHR, 16).add(a1.lanewise(ASHR, 16)).convert(I2F, 0))
          .fma(FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2048, LITTLE_ENDIAN), a)
          .fma(
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2176, LITTLE_ENDIAN).mul(dx),
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 0, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to + 0, LITTLE_ENDIAN);
      IntVector b0 = IntVector.fromMemorySegment(I, Scratch.MEMORY, at + 64, LITTLE_ENDIAN);
      IntVector b1 =
          IntVector.fromMemorySegment(
              I, Scratch.MEMORY, at + 64 + ShortProducts.TILE, LITTLE_ENDIAN);
      FloatVector b =
          b0.and(0xffff)
              .lanewise(XOR, 0x8000)
              .add(b1.and(0xffff).lanewise(XOR, ShortBlocks.LOW))
              .reinterpretAsFloats()
              .fma(
                  FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2240, LITTLE_ENDIAN),
                  FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2304, LITTLE_ENDIAN));
      ((FloatVector) b0.lanewise(ASHR, 16).add(b1.lanewise(ASHR, 16)).convert(I2F, 0))
          .fma(FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2240, LITTLE_ENDIAN), b)
          .fma(
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, p + 2368, LITTLE_ENDIAN).mul(dx),
              FloatVector.fromMemorySegment(F, Scratch.MEMORY, to + 64, LITTLE_ENDIAN))
          .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    }
  }
}
