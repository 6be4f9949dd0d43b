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

/** Q5_1 rows times one token. */
final class Q51Rows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Short> H = Width.WIDE;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 384;

  Q51Rows() {
    super(PackedLayout.Q5_MIN);
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
        IntVector i = IntVector.zero(I);
        IntVector h = IntVector.fromMemorySegment(I, w, p + 256, LITTLE_ENDIAN);
        IntVector v0 = IntVector.fromMemorySegment(I, w, p + 0, LITTLE_ENDIAN);
        ShortVector a0 =
            v0.and(0x000f000f)
                .or(h.lanewise(LSHL, 4).and(0x00100010))
                .reinterpretAsShorts()
                .mul(IntVector.broadcast(I, pairs[xb + 0]).reinterpretAsShorts())
                .add(
                    v0.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHL, 3).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 1]).reinterpretAsShorts()))
                .add(
                    v0.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 4).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 2]).reinterpretAsShorts()))
                .add(
                    v0.lanewise(LSHR, 12)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 5).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 3]).reinterpretAsShorts()));
        IntVector v1 = IntVector.fromMemorySegment(I, w, p + 64, LITTLE_ENDIAN);
        ShortVector a1 =
            v1.and(0x000f000f)
                .or(h.lanewise(LSHL, 2).and(0x00100010))
                .reinterpretAsShorts()
                .mul(IntVector.broadcast(I, pairs[xb + 4]).reinterpretAsShorts())
                .add(
                    v1.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHL, 1).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 5]).reinterpretAsShorts()))
                .add(
                    v1.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 6).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 6]).reinterpretAsShorts()))
                .add(
                    v1.lanewise(LSHR, 12)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 7).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 7]).reinterpretAsShorts()));
        IntVector s1 = a0.add(a1).reinterpretAsInts();
        i = i.add(s1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s1.lanewise(ASHR, 16)));
        IntVector v2 = IntVector.fromMemorySegment(I, w, p + 128, LITTLE_ENDIAN);
        ShortVector a2 =
            v2.and(0x000f000f)
                .or(h.and(0x00100010))
                .reinterpretAsShorts()
                .mul(IntVector.broadcast(I, pairs[xb + 8]).reinterpretAsShorts())
                .add(
                    v2.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 1).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 9]).reinterpretAsShorts()))
                .add(
                    v2.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 8).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 10]).reinterpretAsShorts()))
                .add(
                    v2.lanewise(LSHR, 12)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 9).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 11]).reinterpretAsShorts()));
        IntVector v3 = IntVector.fromMemorySegment(I, w, p + 192, LITTLE_ENDIAN);
        ShortVector a3 =
            v3.and(0x000f000f)
                .or(h.lanewise(LSHR, 2).and(0x00100010))
                .reinterpretAsShorts()
                .mul(IntVector.broadcast(I, pairs[xb + 12]).reinterpretAsShorts())
                .add(
                    v3.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 3).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 13]).reinterpretAsShorts()))
                .add(
                    v3.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 10).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 14]).reinterpretAsShorts()))
                .add(
                    v3.lanewise(LSHR, 12)
                        .and(0x000f000f)
                        .or(h.lanewise(LSHR, 11).and(0x00100010))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 15]).reinterpretAsShorts()));
        IntVector s3 = a2.add(a3).reinterpretAsInts();
        i = i.add(s3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s3.lanewise(ASHR, 16)));
        FloatVector f = (FloatVector) i.convert(I2F, 0);
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
