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
  private static final int L = Width.LENGTH;

  @Override
  public void rows4(Matrix w, int r0, int r1, int r2, int r3, float[] x, int xAt, float[] lanes) {
    row(w, r0, x, xAt, lanes, 0);
    row(w, r1, x, xAt, lanes, 16);
    row(w, r2, x, xAt, lanes, 32);
    row(w, r3, x, xAt, lanes, 48);
  }

  private static void row(Matrix w, int row, float[] x, int xAt, float[] lanes, int at16) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row;
    int cols = w.cols();
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    for (int k = 0; k < cols; k += 256) {
      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at + 208));
      for (int half = 0; half < 2; half++) {
        long low = at + 64 * half;
        long high = at + 128 + 32 * half;
        long scales = data.get(Layouts.LONG, at + 192 + 8 * half);
        int xk = xAt + k + 128 * half;
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, low, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .and(15)
                        .or(
                            ((IntVector)
                                    ByteVector.fromMemorySegment(B, data, high, LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                .and(3)
                                .lanewise(VectorOperators.LSHL, 4))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 0))
                .fma(FloatVector.fromArray(F, x, xk), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, low + 8, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .and(15)
                          .or(
                              ((IntVector)
                                      ByteVector.fromMemorySegment(B, data, high + 8, LITTLE_ENDIAN)
                                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                  .and(3)
                                  .lanewise(VectorOperators.LSHL, 4))
                          .sub(32)
                          .convert(VectorOperators.I2F, 0))
                  .mul(d * (byte) (scales >>> 0))
                  .fma(FloatVector.fromArray(F, x, xk + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, low + 16, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .and(15)
                        .or(
                            ((IntVector)
                                    ByteVector.fromMemorySegment(B, data, high + 16, LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                .and(3)
                                .lanewise(VectorOperators.LSHL, 4))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 8))
                .fma(FloatVector.fromArray(F, x, xk + 16), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, low + 24, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .and(15)
                          .or(
                              ((IntVector)
                                      ByteVector.fromMemorySegment(
                                              B, data, high + 24, LITTLE_ENDIAN)
                                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                  .and(3)
                                  .lanewise(VectorOperators.LSHL, 4))
                          .sub(32)
                          .convert(VectorOperators.I2F, 0))
                  .mul(d * (byte) (scales >>> 8))
                  .fma(FloatVector.fromArray(F, x, xk + 16 + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, low + 32, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .and(15)
                        .or(
                            ((IntVector)
                                    ByteVector.fromMemorySegment(B, data, high, LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                .and(12)
                                .lanewise(VectorOperators.LSHL, 2))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 16))
                .fma(FloatVector.fromArray(F, x, xk + 32), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, low + 40, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .and(15)
                          .or(
                              ((IntVector)
                                      ByteVector.fromMemorySegment(B, data, high + 8, LITTLE_ENDIAN)
                                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                  .and(12)
                                  .lanewise(VectorOperators.LSHL, 2))
                          .sub(32)
                          .convert(VectorOperators.I2F, 0))
                  .mul(d * (byte) (scales >>> 16))
                  .fma(FloatVector.fromArray(F, x, xk + 32 + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, low + 48, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .and(15)
                        .or(
                            ((IntVector)
                                    ByteVector.fromMemorySegment(B, data, high + 16, LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                .and(12)
                                .lanewise(VectorOperators.LSHL, 2))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 24))
                .fma(FloatVector.fromArray(F, x, xk + 48), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, low + 56, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .and(15)
                          .or(
                              ((IntVector)
                                      ByteVector.fromMemorySegment(
                                              B, data, high + 24, LITTLE_ENDIAN)
                                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                  .and(12)
                                  .lanewise(VectorOperators.LSHL, 2))
                          .sub(32)
                          .convert(VectorOperators.I2F, 0))
                  .mul(d * (byte) (scales >>> 24))
                  .fma(FloatVector.fromArray(F, x, xk + 48 + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, low, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .lanewise(VectorOperators.LSHR, 4)
                        .or(
                            ((IntVector)
                                    ByteVector.fromMemorySegment(B, data, high, LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                .and(48))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 32))
                .fma(FloatVector.fromArray(F, x, xk + 64), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, low + 8, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .lanewise(VectorOperators.LSHR, 4)
                          .or(
                              ((IntVector)
                                      ByteVector.fromMemorySegment(B, data, high + 8, LITTLE_ENDIAN)
                                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                  .and(48))
                          .sub(32)
                          .convert(VectorOperators.I2F, 0))
                  .mul(d * (byte) (scales >>> 32))
                  .fma(FloatVector.fromArray(F, x, xk + 64 + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, low + 16, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .lanewise(VectorOperators.LSHR, 4)
                        .or(
                            ((IntVector)
                                    ByteVector.fromMemorySegment(B, data, high + 16, LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                .and(48))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 40))
                .fma(FloatVector.fromArray(F, x, xk + 80), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, low + 24, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .lanewise(VectorOperators.LSHR, 4)
                          .or(
                              ((IntVector)
                                      ByteVector.fromMemorySegment(
                                              B, data, high + 24, LITTLE_ENDIAN)
                                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                  .and(48))
                          .sub(32)
                          .convert(VectorOperators.I2F, 0))
                  .mul(d * (byte) (scales >>> 40))
                  .fma(FloatVector.fromArray(F, x, xk + 80 + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, low + 32, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .lanewise(VectorOperators.LSHR, 4)
                        .or(
                            ((IntVector)
                                    ByteVector.fromMemorySegment(B, data, high, LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                .and(192)
                                .lanewise(VectorOperators.LSHR, 2))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 48))
                .fma(FloatVector.fromArray(F, x, xk + 96), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, low + 40, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .lanewise(VectorOperators.LSHR, 4)
                          .or(
                              ((IntVector)
                                      ByteVector.fromMemorySegment(B, data, high + 8, LITTLE_ENDIAN)
                                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                  .and(192)
                                  .lanewise(VectorOperators.LSHR, 2))
                          .sub(32)
                          .convert(VectorOperators.I2F, 0))
                  .mul(d * (byte) (scales >>> 48))
                  .fma(FloatVector.fromArray(F, x, xk + 96 + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, low + 48, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .lanewise(VectorOperators.LSHR, 4)
                        .or(
                            ((IntVector)
                                    ByteVector.fromMemorySegment(B, data, high + 16, LITTLE_ENDIAN)
                                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                .and(192)
                                .lanewise(VectorOperators.LSHR, 2))
                        .sub(32)
                        .convert(VectorOperators.I2F, 0))
                .mul(d * (byte) (scales >>> 56))
                .fma(FloatVector.fromArray(F, x, xk + 112), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, low + 56, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .lanewise(VectorOperators.LSHR, 4)
                          .or(
                              ((IntVector)
                                      ByteVector.fromMemorySegment(
                                              B, data, high + 24, LITTLE_ENDIAN)
                                          .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                                  .and(192)
                                  .lanewise(VectorOperators.LSHR, 2))
                          .sub(32)
                          .convert(VectorOperators.I2F, 0))
                  .mul(d * (byte) (scales >>> 56))
                  .fma(FloatVector.fromArray(F, x, xk + 112 + 8), b);
        }
      }
      at += 210;
    }
    a.intoArray(lanes, at16);
    if (L == 8) {
      b.intoArray(lanes, at16 + 8);
    }
  }
}
