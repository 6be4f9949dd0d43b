package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Q4_K rows times one token. */
final class Q4kRows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 288;

  Q4kRows() {
    super(PackedLayout.Q4_K);
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
      long block = at + (long) b * BLOCK;
      int xb = xBlock + b;
      NibbleProducts.multiply(w, block, groupBytes, vectors, pairs, 16 * xb, out);
      int sum = q[2 * xb] + q[2 * xb + 1];
      add(w, block, groupBytes, vectors, out, dx[xb], -sum, d, dmin, sums);
    }
  }

  /** Adds a block's sums under its scales, and its minima. */
  private static void add(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int[] products,
      float x,
      int less,
      float[] d,
      float[] dmin,
      float[] sums) {
    for (int u = 0; u < vectors; u++) {
      long p = at + (u / PARTS) * groupBytes + (u % PARTS) * L;
      IntVector s = IntVector.fromArray(I, products, L * u);
      FloatVector f =
          (FloatVector)
              s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)).convert(I2F, 0);
      FloatVector sc =
          (FloatVector)
              ByteVector.fromMemorySegment(B, w, p + 256, LITTLE_ENDIAN).convertShape(B2F, F, 0);
      FloatVector m =
          (FloatVector)
              ByteVector.fromMemorySegment(B, w, p + 272, LITTLE_ENDIAN).convertShape(B2F, F, 0);
      FloatVector sum =
          f.mul(sc)
              .fma(
                  FloatVector.fromArray(F, d, L * u).mul(x), FloatVector.fromArray(F, sums, L * u));
      m.mul(less).fma(FloatVector.fromArray(F, dmin, L * u).mul(x), sum).intoArray(sums, L * u);
    }
  }
}
