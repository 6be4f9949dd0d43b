package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.BITWISE_BLEND;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.GridCodes;
import io.hadal.kernels.packed.PackedLayout;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * IQ2_XXS rows times one token on vectors of 512 bits, which hold the grid in eight. A 16-bit lane
 * is a grid entry of a row: eight codes of two bits.
 */
final class Iq2XxsRows512 extends UnitRows {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Byte> B = ByteVector.SPECIES_128;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;
  private static final VectorSpecies<Short> H = ShortVector.SPECIES_512;
  private static final int BLOCK = 128;
  private static final ShortVector G0 = grid(0);
  private static final ShortVector G1 = grid(1);
  private static final ShortVector G2 = grid(2);
  private static final ShortVector G3 = grid(3);
  private static final ShortVector G4 = grid(4);
  private static final ShortVector G5 = grid(5);
  private static final ShortVector G6 = grid(6);
  private static final ShortVector G7 = grid(7);

  /** Levels by code, negative when bit 2 is set; the upper bits of a code do not matter. */
  private static final ShortVector LEVELS = levels();

  private static final IntVector CODE = IntVector.broadcast(I, 0x00030003);

  Iq2XxsRows512() {
    super(PackedLayout.IQ2_XXS);
  }

  private static ShortVector grid(int part) {
    short[] lanes = new short[32];
    for (int i = 0; i < 32; i++) {
      lanes[i] = (short) GridCodes.IQ2_XXS[32 * part + i];
    }
    return ShortVector.fromArray(H, lanes, 0);
  }

  private static ShortVector levels() {
    short[] lanes = new short[32];
    float[] levels = GridCodes.signed(8, 25, 43, 0);
    for (int i = 0; i < 32; i++) {
      lanes[i] = (short) levels[i & 15];
    }
    return ShortVector.fromArray(H, lanes, 0);
  }

  @Override
  public BlockInput.Form form() {
    return BlockInput.Form.GRID;
  }

  @Override
  void unit(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int blocks,
      int[] pairs,
      int xBlock,
      float[] dx,
      int[] q,
      float[] d,
      float[] dmin,
      float[] sums) {
    for (int b = 0; b < blocks; b++) {
      product(w, at, groupBytes, vectors, b, pairs, 16 * (xBlock + b), dx[xBlock + b], d, sums);
    }
  }

  private static void product(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int b,
      int[] pairs,
      int xb,
      float x,
      float[] d,
      float[] sums) {
    for (int u = 0; u < vectors; u++) {
      long p = at + u * groupBytes + b * BLOCK;
      IntVector index = IntVector.fromMemorySegment(I, w, p, LITTLE_ENDIAN);
      IntVector signs = IntVector.fromMemorySegment(I, w, p + 64, LITTLE_ENDIAN);
      IntVector sum = IntVector.zero(I);
      for (int g = 0; g < 2; g++) {
        ShortVector i = index.and(0x00ff00ff).reinterpretAsShorts();
        VectorMask<Short> odd = i.and((short) 64).compare(NE, (short) 0);
        ShortVector low = i.selectFrom(G0, G1).blend(i.selectFrom(G2, G3), odd);
        ShortVector high = i.selectFrom(G4, G5).blend(i.selectFrom(G6, G7), odd);
        IntVector codes = low.blend(high, i.compare(GT, (short) 127)).reinterpretAsInts();
        index = index.lanewise(LSHR, 8);
        for (int j = 0; j < 8; j += 4) {
          int xj = xb + 8 * g + j;
          ShortVector a =
              signs
                  .lanewise(LSHL, 2)
                  .lanewise(BITWISE_BLEND, codes, CODE)
                  .reinterpretAsShorts()
                  .selectFrom(LEVELS)
                  .mul(IntVector.broadcast(I, pairs[xj]).reinterpretAsShorts());
          a =
              a.add(
                  signs
                      .lanewise(LSHL, 1)
                      .lanewise(BITWISE_BLEND, codes.lanewise(LSHR, 2), CODE)
                      .reinterpretAsShorts()
                      .selectFrom(LEVELS)
                      .mul(IntVector.broadcast(I, pairs[xj + 1]).reinterpretAsShorts()));
          a =
              a.add(
                  signs
                      .lanewise(BITWISE_BLEND, codes.lanewise(LSHR, 4), CODE)
                      .reinterpretAsShorts()
                      .selectFrom(LEVELS)
                      .mul(IntVector.broadcast(I, pairs[xj + 2]).reinterpretAsShorts()));
          a =
              a.add(
                  signs
                      .lanewise(LSHR, 1)
                      .lanewise(BITWISE_BLEND, codes.lanewise(LSHR, 6), CODE)
                      .reinterpretAsShorts()
                      .selectFrom(LEVELS)
                      .mul(IntVector.broadcast(I, pairs[xj + 3]).reinterpretAsShorts()));
          IntVector s = a.reinterpretAsInts();
          sum = sum.add(s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)));
          codes = codes.lanewise(LSHR, 8);
          signs = signs.lanewise(LSHR, 4);
        }
      }
      IntVector nibble =
          (IntVector)
              ByteVector.fromMemorySegment(
                      B, w, at + u * groupBytes - 64 + 16 * (b >> 1), LITTLE_ENDIAN)
                  .convertShape(ZERO_EXTEND_B2I, I, 0);
      FloatVector s =
          (FloatVector) nibble.lanewise(LSHR, 4 * (b & 1)).and(15).mul(2).add(1).convert(I2F, 0);
      ((FloatVector) sum.convert(I2F, 0))
          .mul(s)
          .fma(FloatVector.fromArray(F, d, 16 * u).mul(x), FloatVector.fromArray(F, sums, 16 * u))
          .intoArray(sums, 16 * u);
    }
  }
}
