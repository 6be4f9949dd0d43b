package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.packed.GridCodes;
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
  private static final int ROWS = PanelProduct.ROWS;
  private static final float[] TWO = GridCodes.signed(8, 25, 43, 0);
  private static final float[] THREE = GridCodes.signed(4, 12, 20, 28, 36, 44, 52, 62);
  private static final IntVector A0 = CodeTable.part(TWO, 0);
  private static final IntVector A1 = CodeTable.part(TWO, 1);
  private static final IntVector A2 = CodeTable.part(TWO, 2);
  private static final IntVector A3 = CodeTable.part(TWO, 3);
  private static final IntVector B0 = CodeTable.part(THREE, 0);
  private static final IntVector B1 = CodeTable.part(THREE, 1);
  private static final IntVector B2 = CodeTable.part(THREE, 2);
  private static final IntVector B3 = CodeTable.part(THREE, 3);

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
      float[] panel,
      int to) {
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
      for (int j = 0; j < 8; j++) {
        IntVector c =
            codes.lanewise(LSHR, 2 * j).and(3).or(signs.lanewise(LSHR, j).and(1).lanewise(LSHL, 2));
        ((FloatVector) CodeTable.lookup(c, A0, A1, A2, A3).convert(I2F, 0))
            .mul(scale)
            .intoArray(panel, to + (8 * g + j) * ROWS);
      }
    }
  }

  /** Entries of four columns with three bits each. */
  static void fours(
      MemorySegment w,
      long p,
      int[] table,
      float[] sub,
      int s,
      int[] scratch,
      float[] panel,
      int to) {
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
      for (int j = 0; j < 4; j++) {
        IntVector c =
            codes.lanewise(LSHR, 3 * j).and(7).or(signs.lanewise(LSHR, j).and(1).lanewise(LSHL, 3));
        ((FloatVector) CodeTable.lookup(c, B0, B1, B2, B3).convert(I2F, 0))
            .mul(scale)
            .intoArray(panel, to + (4 * e + j) * ROWS);
      }
    }
  }
}
