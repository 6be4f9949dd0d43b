package io.hadal.kernels.vector.packed;

import static io.hadal.kernels.vector.packed.Iq2XxsRows512.CODE;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.G0;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.G1;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.G2;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.G3;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.G4;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.G5;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.G6;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.G7;
import static io.hadal.kernels.vector.packed.Iq2XxsRows512.LEVELS;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.BITWISE_BLEND;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * IQ2_XXS: signed levels in 16-bit lanes. The levels of a grid entry sum up to 203 at most, so that
 * eight products of it fit.
 */
final class Iq2XxsShorts extends ShortProducts {
  static final boolean USABLE = Width.BITS == 512;

  private static final VectorSpecies<Byte> QUARTER = ByteVector.SPECIES_128;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  private final float[] half = new float[16];

  Iq2XxsShorts() {
    super(8);
  }

  @Override
  void unpack(MemorySegment w, long a, long b, int block, long to) {
    long scales = to + ShortTile.SCALES;
    long other = scales + 64 * Iq2XxsTile.GROUP;
    group(w, a, block, to, scales);
    group(w, b, block, to + 64, other);
  }

  private void group(MemorySegment w, long unit, int block, long to, long scales) {
    if (block == 0) {
      UnitScales.half(w, unit, PackedLayout.IQ2_XXS.part(), half, 0);
      FloatVector.fromArray(F, half, 0)
          .intoMemorySegment(Scratch.MEMORY, scales + 64 * Iq2XxsTile.UNIT, LITTLE_ENDIAN);
    }
    levels(w, unit + 96 + 128L * block, to);
    IntVector nibbles =
        (IntVector)
            ByteVector.fromMemorySegment(QUARTER, w, unit + 32 + 16 * (block >> 1), LITTLE_ENDIAN)
                .convertShape(ZERO_EXTEND_B2I, I, 0);
    FloatVector s =
        (FloatVector) nibbles.lanewise(LSHR, 4 * (block & 1)).and(15).mul(2).add(1).convert(I2F, 0);
    s.intoMemorySegment(Scratch.MEMORY, scales, LITTLE_ENDIAN);
    s.mul(-(0x1p23f + 0x1p16f)).intoMemorySegment(Scratch.MEMORY, scales + 64, LITTLE_ENDIAN);
  }

  /** As {@link Iq2XxsRows512}, columns of two grid entries side by side. */
  private static void levels(MemorySegment w, long p, long to) {
    IntVector index = IntVector.fromMemorySegment(I, w, p, LITTLE_ENDIAN);
    IntVector signs = IntVector.fromMemorySegment(I, w, p + 64, LITTLE_ENDIAN);
    for (int g = 0; g < 2; g++) {
      ShortVector i = index.and(0x00ff00ff).reinterpretAsShorts();
      VectorMask<Short> odd = i.and((short) 64).compare(NE, (short) 0);
      ShortVector low = i.selectFrom(G0, G1).blend(i.selectFrom(G2, G3), odd);
      ShortVector high = i.selectFrom(G4, G5).blend(i.selectFrom(G6, G7), odd);
      IntVector codes = low.blend(high, i.compare(GT, (short) 127)).reinterpretAsInts();
      index = index.lanewise(LSHR, 8);
      for (int j = 0; j < 8; j += 4) {
        long at = to + 128 * (8 * g + j);
        signs
            .lanewise(LSHL, 2)
            .lanewise(BITWISE_BLEND, codes, CODE)
            .reinterpretAsShorts()
            .selectFrom(LEVELS)
            .intoMemorySegment(Scratch.MEMORY, at + 0, LITTLE_ENDIAN);
        signs
            .lanewise(LSHL, 1)
            .lanewise(BITWISE_BLEND, codes.lanewise(LSHR, 2), CODE)
            .reinterpretAsShorts()
            .selectFrom(LEVELS)
            .intoMemorySegment(Scratch.MEMORY, at + 128, LITTLE_ENDIAN);
        signs
            .lanewise(BITWISE_BLEND, codes.lanewise(LSHR, 4), CODE)
            .reinterpretAsShorts()
            .selectFrom(LEVELS)
            .intoMemorySegment(Scratch.MEMORY, at + 256, LITTLE_ENDIAN);
        signs
            .lanewise(LSHR, 1)
            .lanewise(BITWISE_BLEND, codes.lanewise(LSHR, 6), CODE)
            .reinterpretAsShorts()
            .selectFrom(LEVELS)
            .intoMemorySegment(Scratch.MEMORY, at + 384, LITTLE_ENDIAN);
        codes = codes.lanewise(LSHR, 8);
        signs = signs.lanewise(LSHR, 4);
      }
    }
  }

  @Override
  void scaled(long p, long products, int tokens, float[] token, long sums) {
    Iq2XxsTile.add(p, products, tokens, token, sums);
  }
}
