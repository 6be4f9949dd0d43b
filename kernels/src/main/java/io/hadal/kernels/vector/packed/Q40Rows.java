package io.hadal.kernels.vector.packed;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Q4_0 rows times one token. */
final class Q40Rows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 288;

  Q40Rows() {
    super(PackedLayout.Q4);
  }

  @Override
  public BlockInput.Form form() {
    return BlockInput.Form.PLANES;
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
    int[] out = NibbleProducts.scratch();
    for (int b = 0; b < blocks; b++) {
      int xb = xBlock + b;
      NibbleProducts.multiply(w, at + (long) b * BLOCK, groupBytes, vectors, pairs, 16 * xb, out);
      int sum = q[2 * xb] + q[2 * xb + 1];
      add(vectors, out, dx[xb], 8 * sum, d, sums);
    }
  }

  /** Adds a block's sums under its scales. */
  private static void add(int vectors, int[] products, float x, int less, float[] d, float[] sums) {
    for (int u = 0; u < vectors; u++) {
      IntVector s = IntVector.fromArray(I, products, L * u);
      FloatVector f =
          (FloatVector)
              s.lanewise(LSHL, 16)
                  .lanewise(ASHR, 16)
                  .add(s.lanewise(ASHR, 16))
                  .sub(less)
                  .convert(I2F, 0);
      f.fma(FloatVector.fromArray(F, d, L * u).mul(x), FloatVector.fromArray(F, sums, L * u))
          .intoArray(sums, L * u);
    }
  }
}
