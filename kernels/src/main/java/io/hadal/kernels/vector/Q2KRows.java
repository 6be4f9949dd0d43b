package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Q2_K rows times one input, a row at a time. */
final class Q2KRows implements RowKernel {
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

  /** Lanes from {@code lane} on, as many as a vector has. Every byte is read once. */
  private static void row(
      Matrix w, int row, float[] x, int xAt, float[] lanes, int lane, int at16) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row;
    int cols = w.cols();
    FloatVector a = FloatVector.zero(F);
    for (int k = 0; k < cols; k += 256) {
      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at + 80));
      float dmin = Float.float16ToFloat(data.get(Layouts.SHORT, at + 82));
      for (int half = 0; half < 2; half++) {
        long q = at + 16 + 32 * half + lane;
        long scales = data.get(Layouts.LONG, at + 8 * half);
        int xk = xAt + k + 128 * half + lane;
        IntVector q0 =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, q + 0, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        IntVector q1 =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, q + 16, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
        a =
            ((FloatVector) q0.and(3).convert(VectorOperators.I2F, 0))
                .mul(d * (scales >>> 0 & 15))
                .sub(dmin * (scales >>> 4 & 15))
                .fma(FloatVector.fromArray(F, x, xk + 0), a);
        a =
            ((FloatVector) q1.and(3).convert(VectorOperators.I2F, 0))
                .mul(d * (scales >>> 8 & 15))
                .sub(dmin * (scales >>> 12 & 15))
                .fma(FloatVector.fromArray(F, x, xk + 16), a);
        a =
            ((FloatVector)
                    q0.lanewise(VectorOperators.LSHR, 2).and(3).convert(VectorOperators.I2F, 0))
                .mul(d * (scales >>> 16 & 15))
                .sub(dmin * (scales >>> 20 & 15))
                .fma(FloatVector.fromArray(F, x, xk + 32), a);
        a =
            ((FloatVector)
                    q1.lanewise(VectorOperators.LSHR, 2).and(3).convert(VectorOperators.I2F, 0))
                .mul(d * (scales >>> 24 & 15))
                .sub(dmin * (scales >>> 28 & 15))
                .fma(FloatVector.fromArray(F, x, xk + 48), a);
        a =
            ((FloatVector)
                    q0.lanewise(VectorOperators.LSHR, 4).and(3).convert(VectorOperators.I2F, 0))
                .mul(d * (scales >>> 32 & 15))
                .sub(dmin * (scales >>> 36 & 15))
                .fma(FloatVector.fromArray(F, x, xk + 64), a);
        a =
            ((FloatVector)
                    q1.lanewise(VectorOperators.LSHR, 4).and(3).convert(VectorOperators.I2F, 0))
                .mul(d * (scales >>> 40 & 15))
                .sub(dmin * (scales >>> 44 & 15))
                .fma(FloatVector.fromArray(F, x, xk + 80), a);
        a =
            ((FloatVector) q0.lanewise(VectorOperators.LSHR, 6).convert(VectorOperators.I2F, 0))
                .mul(d * (scales >>> 48 & 15))
                .sub(dmin * (scales >>> 52 & 15))
                .fma(FloatVector.fromArray(F, x, xk + 96), a);
        a =
            ((FloatVector) q1.lanewise(VectorOperators.LSHR, 6).convert(VectorOperators.I2F, 0))
                .mul(d * (scales >>> 56 & 15))
                .sub(dmin * (scales >>> 60 & 15))
                .fma(FloatVector.fromArray(F, x, xk + 112), a);
      }
      at += 84;
    }
    a.intoArray(lanes, at16 + lane);
  }
}
