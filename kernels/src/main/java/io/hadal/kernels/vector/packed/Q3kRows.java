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
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** Q3_K rows times one token. */
final class Q3kRows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Short> H = Width.WIDE;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 224;

  Q3kRows() {
    super(PackedLayout.Q3_K);
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
        IntVector b0 = IntVector.fromMemorySegment(I, w, p + 128, LITTLE_ENDIAN);
        IntVector h0 = IntVector.fromMemorySegment(I, w, p + 0, LITTLE_ENDIAN);
        ShortVector a0 = ShortVector.zero(H);
        a0 =
            a0.add(
                h0.and(0x00030003)
                    .or(b0.lanewise(LSHL, 2).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 0]).reinterpretAsShorts()));
        a0 =
            a0.add(
                h0.lanewise(LSHR, 2)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHL, 1).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 1]).reinterpretAsShorts()));
        a0 =
            a0.add(
                h0.lanewise(LSHR, 8)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 6).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 2]).reinterpretAsShorts()));
        a0 =
            a0.add(
                h0.lanewise(LSHR, 10)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 7).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 3]).reinterpretAsShorts()));
        a0 =
            a0.add(
                h0.lanewise(LSHR, 4)
                    .and(0x00030003)
                    .or(b0.and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 4]).reinterpretAsShorts()));
        a0 =
            a0.add(
                h0.lanewise(LSHR, 6)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 1).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 5]).reinterpretAsShorts()));
        a0 =
            a0.add(
                h0.lanewise(LSHR, 12)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 8).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 6]).reinterpretAsShorts()));
        a0 =
            a0.add(
                h0.lanewise(LSHR, 14)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 9).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 7]).reinterpretAsShorts()));
        IntVector s0 = a0.reinterpretAsInts();
        IntVector h1 = IntVector.fromMemorySegment(I, w, p + 64, LITTLE_ENDIAN);
        ShortVector a1 = ShortVector.zero(H);
        a1 =
            a1.add(
                h1.and(0x00030003)
                    .or(b0.lanewise(LSHR, 2).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 8]).reinterpretAsShorts()));
        a1 =
            a1.add(
                h1.lanewise(LSHR, 2)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 3).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 9]).reinterpretAsShorts()));
        a1 =
            a1.add(
                h1.lanewise(LSHR, 8)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 10).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 10]).reinterpretAsShorts()));
        a1 =
            a1.add(
                h1.lanewise(LSHR, 10)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 11).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 11]).reinterpretAsShorts()));
        a1 =
            a1.add(
                h1.lanewise(LSHR, 4)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 4).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 12]).reinterpretAsShorts()));
        a1 =
            a1.add(
                h1.lanewise(LSHR, 6)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 5).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 13]).reinterpretAsShorts()));
        a1 =
            a1.add(
                h1.lanewise(LSHR, 12)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 12).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 14]).reinterpretAsShorts()));
        a1 =
            a1.add(
                h1.lanewise(LSHR, 14)
                    .and(0x00030003)
                    .or(b0.lanewise(LSHR, 13).and(0x00040004))
                    .reinterpretAsShorts()
                    .mul(IntVector.broadcast(I, pairs[xb + 15]).reinterpretAsShorts()));
        IntVector s1 = a1.reinterpretAsInts();
        FloatVector f0 =
            (FloatVector)
                s0.lanewise(LSHL, 16)
                    .lanewise(ASHR, 16)
                    .add(s0.lanewise(ASHR, 16))
                    .sub(4 * q0)
                    .convert(I2F, 0);
        FloatVector f1 =
            (FloatVector)
                s1.lanewise(LSHL, 16)
                    .lanewise(ASHR, 16)
                    .add(s1.lanewise(ASHR, 16))
                    .sub(4 * q1)
                    .convert(I2F, 0);
        FloatVector c0 =
            (FloatVector)
                ByteVector.fromMemorySegment(B, w, p + 192 - part * (3 * L), LITTLE_ENDIAN)
                    .convertShape(B2F, F, 0);
        FloatVector c1 =
            (FloatVector)
                ByteVector.fromMemorySegment(B, w, p + 208 - part * (3 * L), LITTLE_ENDIAN)
                    .convertShape(B2F, F, 0);
        f0.fma(c0, f1.mul(c1))
            .fma(FloatVector.fromArray(F, d, L * u).mul(x), FloatVector.fromArray(F, sums, L * u))
            .intoArray(sums, L * u);
      }
    }
  }
}
