package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** Q4_1 rows times one token. */
final class Q41Rows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Short> H = Width.WIDE;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 320;

  Q41Rows() {
    super(PackedLayout.Q4_MIN);
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
    product(w, at, groupBytes, vectors, blocks, pairs, xBlock, dx, q, d, dmin, sums);
  }

  private static void product(
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
      int xb = 16 * (xBlock + b);
      float x = dx[xBlock + b];
      int q0 = q[2 * (xBlock + b)];
      int q1 = q[2 * (xBlock + b) + 1];
      for (int u = 0; u < vectors; u++) {
        int part = u % PARTS;
        long p = at + (u / PARTS) * groupBytes + part * (4 * L) + (long) b * BLOCK;
        ShortVector a = ShortVector.zero(H);
        for (int k = 0; k < 4; k++) {
          IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
          a =
              a.add(
                  v.and(0x000f000f)
                      .reinterpretAsShorts()
                      .mul(IntVector.broadcast(I, pairs[xb + 4 * k + 0]).reinterpretAsShorts()));
          a =
              a.add(
                  v.lanewise(LSHR, 4)
                      .and(0x000f000f)
                      .reinterpretAsShorts()
                      .mul(IntVector.broadcast(I, pairs[xb + 4 * k + 1]).reinterpretAsShorts()));
          a =
              a.add(
                  v.lanewise(LSHR, 8)
                      .and(0x000f000f)
                      .reinterpretAsShorts()
                      .mul(IntVector.broadcast(I, pairs[xb + 4 * k + 2]).reinterpretAsShorts()));
          a =
              a.add(
                  v.lanewise(LSHR, 12)
                      .and(0x000f000f)
                      .reinterpretAsShorts()
                      .mul(IntVector.broadcast(I, pairs[xb + 4 * k + 3]).reinterpretAsShorts()));
        }
        IntVector s = a.reinterpretAsInts();
        FloatVector f =
            (FloatVector)
                s.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s.lanewise(ASHR, 16)).convert(I2F, 0);
        FloatVector.fromArray(F, dmin, L * u)
            .mul(x)
            .fma(
                FloatVector.broadcast(F, -(q0 + q1)),
                f.fma(
                    FloatVector.fromArray(F, d, L * u).mul(x),
                    FloatVector.fromArray(F, sums, L * u)))
            .intoArray(sums, L * u);
      }
    }
  }
}
