package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Q6_K rows times one input, a row at a time. */
final class Q6KRows implements RowKernel {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;

  @Override
  public void rows4(Matrix w, int r0, int r1, int r2, int r3, float[] x, int xAt, float[] lanes) {
    for (int lane = 0; lane < 16; lane += Width.LENGTH) {
      row(w, r0, x, xAt, lanes, lane, 0);
      row(w, r1, x, xAt, lanes, lane, 16);
      row(w, r2, x, xAt, lanes, lane, 32);
      row(w, r3, x, xAt, lanes, lane, 48);
    }
  }

  /**
   * Lanes from {@code lane} on, as many as a vector has. Every byte is read once: with a load for
   * each product C2 cuts this method short behind kernels that it compiled before.
   */
  private static void row(
      Matrix w, int row, float[] x, int xAt, float[] lanes, int lane, int at16) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row;
    int cols = w.cols();
    FloatVector a = FloatVector.zero(F);
    for (int k = 0; k < cols; k += 256) {
      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at + 208));
      for (int half = 0; half < 2; half++) {
        long low = at + 64 * half + lane;
        long high = at + 128 + 32 * half + lane;
        long scales = data.get(Layouts.LONG, at + 192 + 8 * half);
        int xk = xAt + k + 128 * half + lane;
        IntVector l0 =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, low + 0, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        IntVector l1 =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, low + 16, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        IntVector l2 =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, low + 32, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        IntVector l3 =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, low + 48, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        IntVector h0 =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, high + 0, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        IntVector h1 =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, high + 16, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        a =
            ((FloatVector)
                    l0.and(15)
                        .or(h0.and(3).lanewise(VectorOperators.LSHL, 4))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 0))
                .fma(FloatVector.fromArray(F, x, xk + 0), a);
        a =
            ((FloatVector)
                    l1.and(15)
                        .or(h1.and(3).lanewise(VectorOperators.LSHL, 4))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 8))
                .fma(FloatVector.fromArray(F, x, xk + 16), a);
        a =
            ((FloatVector)
                    l2.and(15)
                        .or(h0.and(12).lanewise(VectorOperators.LSHL, 2))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 16))
                .fma(FloatVector.fromArray(F, x, xk + 32), a);
        a =
            ((FloatVector)
                    l3.and(15)
                        .or(h1.and(12).lanewise(VectorOperators.LSHL, 2))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 24))
                .fma(FloatVector.fromArray(F, x, xk + 48), a);
        a =
            ((FloatVector)
                    l0.lanewise(VectorOperators.LSHR, 4)
                        .or(h0.and(48))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 32))
                .fma(FloatVector.fromArray(F, x, xk + 64), a);
        a =
            ((FloatVector)
                    l1.lanewise(VectorOperators.LSHR, 4)
                        .or(h1.and(48))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 40))
                .fma(FloatVector.fromArray(F, x, xk + 80), a);
        a =
            ((FloatVector)
                    l2.lanewise(VectorOperators.LSHR, 4)
                        .or(h0.and(192).lanewise(VectorOperators.LSHR, 2))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 48))
                .fma(FloatVector.fromArray(F, x, xk + 96), a);
        a =
            ((FloatVector)
                    l3.lanewise(VectorOperators.LSHR, 4)
                        .or(h1.and(192).lanewise(VectorOperators.LSHR, 2))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 56))
                .fma(FloatVector.fromArray(F, x, xk + 112), a);
      }
      at += 210;
    }
    a.intoArray(lanes, at16 + lane);
  }
}
