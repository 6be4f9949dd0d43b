package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** MXFP4 and FP4. */
final class E2m1Codes implements PackedCodes {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final int L = Width.LENGTH;
  private static final IntVector T0 = CodeTable.part(Grids.DOUBLED_E2M1, 0);
  private static final IntVector T1 = CodeTable.part(Grids.DOUBLED_E2M1, 1);
  private static final IntVector T2 = CodeTable.part(Grids.DOUBLED_E2M1, 2);
  private static final IntVector T3 = CodeTable.part(Grids.DOUBLED_E2M1, 3);

  @Override
  public void unpack(
      MemorySegment w,
      long at,
      int from,
      int count,
      float[] panel,
      int row,
      float[] scales,
      float[] mins) {
    for (int b = 0; b < count; b++) {
      long p = at + 272L * (from + b);
      for (int part = 0; part < 16; part += L) {
        codes(w, p + 4 * part, panel, 32 * b * PanelProduct.ROWS + row + part);
        IntVector e = (IntVector) ByteVector.fromMemorySegment(B, w, p + 256 + part, LITTLE_ENDIAN).convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        e.sub(1).max(0).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats().intoArray(scales, b * PanelProduct.ROWS + row + part);
      }
    }
  }

  private static void codes(MemorySegment w, long p, float[] panel, int to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      for (int i = 0; i < 8; i++) {
        value(v.lanewise(VectorOperators.LSHR, 4 * i).and(15)).intoArray(panel, to + (8 * k + i) * PanelProduct.ROWS);
      }
    }
  }

  private static FloatVector value(IntVector c) {
    return (FloatVector) CodeTable.lookup(c, T0, T1, T2, T3).convert(VectorOperators.I2F, 0);
  }
}
