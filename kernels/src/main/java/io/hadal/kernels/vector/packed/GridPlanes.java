package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Grid indices and signs to f32 integers; as {@link CodePlanes}. */
final class GridPlanes {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;
  private static final int COLUMN = PanelProduct.COLUMN;
  private static final int SIGN = 0x80000000;

  /** Four levels, again and again: an index may have more bits. */
  private static final IntVector TWO =
      CodeTable.floats(new float[] {8, 25, 43, 0, 8, 25, 43, 0, 8, 25, 43, 0, 8, 25, 43, 0}, 0);

  /** Eight levels twice. */
  private static final float[] THREE = {
    4, 12, 20, 28, 36, 44, 52, 62, 4, 12, 20, 28, 36, 44, 52, 62
  };

  private static final IntVector B0 = CodeTable.floats(THREE, 0);
  private static final IntVector B1 = CodeTable.floats(THREE, 1);

  private GridPlanes() {}

  /** Codes of grid entries, stored in {@code entries} group by group. */
  private static void gather(IntVector index, int[] table, int[] scratch) {
    index.intoArray(scratch, 0);
    IntVector.fromArray(I, table, 0, scratch, 0).intoArray(scratch, 0);
  }

  /**
   * Entries of eight columns with two bits each; {@code ninth} is a plane of bits or none, {@code
   * block} the block's place in its unit.
   */
  static void eights(
      MemorySegment w,
      long p,
      long ninth,
      int block,
      int[] table,
      float[] sub,
      int s,
      int[] scratch,
      long to) {
    for (int g = 0; g < 4; g++) {
      IntVector index =
          IntVector.fromMemorySegment(I, w, p, LITTLE_ENDIAN).lanewise(LSHR, 8 * g).and(255);
      if (ninth != 0) {
        IntVector high = IntVector.fromMemorySegment(I, w, ninth, LITTLE_ENDIAN);
        index = index.or(high.lanewise(LSHR, 8 * g + block).and(1).lanewise(LSHL, 8));
      }
      gather(index, table, scratch);
      IntVector codes = IntVector.fromArray(I, scratch, 0);
      IntVector signs =
          IntVector.fromMemorySegment(I, w, p + 64, LITTLE_ENDIAN).lanewise(LSHR, 8 * g);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (g >> 1) * 16);
      long at = to + 8 * g * COLUMN;
      codes
          .selectFrom(TWO)
          .lanewise(XOR, signs.lanewise(LSHL, 31).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      codes
          .lanewise(LSHR, 2)
          .selectFrom(TWO)
          .lanewise(XOR, signs.lanewise(LSHL, 30).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      codes
          .lanewise(LSHR, 4)
          .selectFrom(TWO)
          .lanewise(XOR, signs.lanewise(LSHL, 29).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      codes
          .lanewise(LSHR, 6)
          .selectFrom(TWO)
          .lanewise(XOR, signs.lanewise(LSHL, 28).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
      codes
          .lanewise(LSHR, 8)
          .selectFrom(TWO)
          .lanewise(XOR, signs.lanewise(LSHL, 27).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 4 * COLUMN, LITTLE_ENDIAN);
      codes
          .lanewise(LSHR, 10)
          .selectFrom(TWO)
          .lanewise(XOR, signs.lanewise(LSHL, 26).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 5 * COLUMN, LITTLE_ENDIAN);
      codes
          .lanewise(LSHR, 12)
          .selectFrom(TWO)
          .lanewise(XOR, signs.lanewise(LSHL, 25).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 6 * COLUMN, LITTLE_ENDIAN);
      codes
          .lanewise(LSHR, 14)
          .selectFrom(TWO)
          .lanewise(XOR, signs.lanewise(LSHL, 24).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 7 * COLUMN, LITTLE_ENDIAN);
    }
  }

  /** Entries of four columns with three bits each. */
  static void fours(
      MemorySegment w, long p, int[] table, float[] sub, int s, int[] scratch, long to) {
    for (int e = 0; e < 8; e++) {
      IntVector index =
          IntVector.fromMemorySegment(I, w, p + 64 * (e >> 2), LITTLE_ENDIAN)
              .lanewise(LSHR, 8 * (e & 3))
              .and(255);
      gather(index, table, scratch);
      IntVector codes = IntVector.fromArray(I, scratch, 0);
      IntVector signs =
          IntVector.fromMemorySegment(I, w, p + 128, LITTLE_ENDIAN).lanewise(LSHR, 4 * e);
      FloatVector scale = FloatVector.fromArray(F, sub, s);
      long at = to + 4 * e * COLUMN;
      eight(codes)
          .lanewise(XOR, signs.lanewise(LSHL, 31).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      eight(codes.lanewise(LSHR, 3))
          .lanewise(XOR, signs.lanewise(LSHL, 30).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      eight(codes.lanewise(LSHR, 6))
          .lanewise(XOR, signs.lanewise(LSHL, 29).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      eight(codes.lanewise(LSHR, 9))
          .lanewise(XOR, signs.lanewise(LSHL, 28).and(SIGN))
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
    }
  }

  /** Levels by the low three bits. */
  private static IntVector eight(IntVector code) {
    return L >= 8 ? code.selectFrom(B0) : code.selectFrom(B0, B1);
  }
}
