package io.hadal.kernels.vector.packed;

import static jdk.incubator.vector.VectorOperators.I2F;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** IQ4_NL rows times one token. */
final class Iq4Rows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 288;

  Iq4Rows() {
    super(PackedLayout.IQ4);
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
    int[] out = Iq4Products.scratch();
    for (int b = 0; b < blocks; b++) {
      long block = at + (long) b * BLOCK;
      int xb = xBlock + b;
      Iq4Products.multiply(w, block, groupBytes, vectors, pairs, 16 * xb, out);
      add(vectors, out, dx[xb], d, sums);
    }
  }

  /** Adds a block's sums under its scales. */
  private static void add(int vectors, int[] products, float x, float[] d, float[] sums) {
    for (int u = 0; u < vectors; u++) {
      FloatVector f = (FloatVector) IntVector.fromArray(I, products, L * u).convert(I2F, 0);
      f.fma(FloatVector.fromArray(F, d, L * u).mul(x), FloatVector.fromArray(F, sums, L * u))
          .intoArray(sums, L * u);
    }
  }
}
