package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** Q6_K rows times one token. */
final class Q6kRows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Short> H = Width.WIDE;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 416;

  Q6kRows() {
    super(PackedLayout.Q6_K);
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
    product(w, at, groupBytes, vectors, blocks, pairs, xBlock, dx, q, d, sums);
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
      float[] sums) {
    for (int b = 0; b < blocks; b++) {
      int xb = 16 * (xBlock + b);
      float x = dx[xBlock + b];
      int q0 = q[2 * (xBlock + b)];
      int q1 = q[2 * (xBlock + b) + 1];
      for (int u = 0; u < vectors; u++) {
        int part = u % PARTS;
        long p = at + (u / PARTS) * groupBytes + part * (4 * L) + (long) b * BLOCK;
        IntVector i0 = IntVector.zero(I);
        IntVector i1 = IntVector.zero(I);
        IntVector h0 = IntVector.fromMemorySegment(I, w, p + 256, LITTLE_ENDIAN);
        IntVector v0 = IntVector.fromMemorySegment(I, w, p + 0, LITTLE_ENDIAN);
        IntVector s0 =
            v0.and(0x000f000f)
                .or(h0.lanewise(LSHL, 4).and(0x00300030))
                .reinterpretAsShorts()
                .mul(IntVector.broadcast(I, pairs[xb + 0]).reinterpretAsShorts())
                .add(
                    v0.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHL, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 1]).reinterpretAsShorts()))
                .add(
                    v0.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 4).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 2]).reinterpretAsShorts()))
                .add(
                    v0.lanewise(LSHR, 12)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 6).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 3]).reinterpretAsShorts()))
                .reinterpretAsInts();
        i0 = i0.add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)));
        IntVector v1 = IntVector.fromMemorySegment(I, w, p + 64, LITTLE_ENDIAN);
        IntVector s1 =
            v1.and(0x000f000f)
                .or(h0.and(0x00300030))
                .reinterpretAsShorts()
                .mul(IntVector.broadcast(I, pairs[xb + 4]).reinterpretAsShorts())
                .add(
                    v1.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 5]).reinterpretAsShorts()))
                .add(
                    v1.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 8).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 6]).reinterpretAsShorts()))
                .add(
                    v1.lanewise(LSHR, 12)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 10).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 7]).reinterpretAsShorts()))
                .reinterpretAsInts();
        i0 = i0.add(s1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s1.lanewise(ASHR, 16)));
        IntVector h1 = IntVector.fromMemorySegment(I, w, p + 320, LITTLE_ENDIAN);
        IntVector v2 = IntVector.fromMemorySegment(I, w, p + 128, LITTLE_ENDIAN);
        IntVector s2 =
            v2.and(0x000f000f)
                .or(h1.lanewise(LSHL, 4).and(0x00300030))
                .reinterpretAsShorts()
                .mul(IntVector.broadcast(I, pairs[xb + 8]).reinterpretAsShorts())
                .add(
                    v2.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHL, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 9]).reinterpretAsShorts()))
                .add(
                    v2.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHR, 4).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 10]).reinterpretAsShorts()))
                .add(
                    v2.lanewise(LSHR, 12)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHR, 6).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 11]).reinterpretAsShorts()))
                .reinterpretAsInts();
        i1 = i1.add(s2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s2.lanewise(ASHR, 16)));
        IntVector v3 = IntVector.fromMemorySegment(I, w, p + 192, LITTLE_ENDIAN);
        IntVector s3 =
            v3.and(0x000f000f)
                .or(h1.and(0x00300030))
                .reinterpretAsShorts()
                .mul(IntVector.broadcast(I, pairs[xb + 12]).reinterpretAsShorts())
                .add(
                    v3.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHR, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 13]).reinterpretAsShorts()))
                .add(
                    v3.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHR, 8).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 14]).reinterpretAsShorts()))
                .add(
                    v3.lanewise(LSHR, 12)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHR, 10).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(IntVector.broadcast(I, pairs[xb + 15]).reinterpretAsShorts()))
                .reinterpretAsInts();
        i1 = i1.add(s3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s3.lanewise(ASHR, 16)));
        FloatVector f0 = (FloatVector) i0.sub(32 * q0).convert(I2F, 0);
        FloatVector f1 = (FloatVector) i1.sub(32 * q1).convert(I2F, 0);
        FloatVector c0 =
            (FloatVector)
                ByteVector.fromMemorySegment(B, w, p + 384 - part * (3 * L), LITTLE_ENDIAN)
                    .convertShape(B2F, F, 0);
        FloatVector c1 =
            (FloatVector)
                ByteVector.fromMemorySegment(B, w, p + 400 - part * (3 * L), LITTLE_ENDIAN)
                    .convertShape(B2F, F, 0);
        f0.fma(c0, f1.mul(c1))
            .fma(FloatVector.fromArray(F, d, L * u).mul(x), FloatVector.fromArray(F, sums, L * u))
            .intoArray(sums, L * u);
      }
    }
  }
}
