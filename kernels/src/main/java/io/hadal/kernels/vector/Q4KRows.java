package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.KScales;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Q4_K rows times one input, a row at a time. */
final class Q4KRows implements RowKernel {
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
      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at));
      float dmin = Float.float16ToFloat(data.get(Layouts.SHORT, at + 2));
      int s2 = data.get(Layouts.INT, at + 12);
      long scales = KScales.scales(data.get(Layouts.INT, at + 4), s2);
      long mins = KScales.mins(data.get(Layouts.INT, at + 8), s2);
      for (int c = 0; c < 4; c++) {
        long q = at + 16 + 32 * c;
        int xk = xAt + k + 64 * c;
        FloatVector scale = FloatVector.broadcast(F, d * (scales & 63));
        FloatVector min = FloatVector.broadcast(F, dmin * (mins & 63));
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, q, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .and(15)
                        .convert(VectorOperators.I2F, 0))
                .mul(scale)
                .sub(min)
                .fma(FloatVector.fromArray(F, x, xk), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, q + 8, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .and(15)
                          .convert(VectorOperators.I2F, 0))
                  .mul(scale)
                  .sub(min)
                  .fma(FloatVector.fromArray(F, x, xk + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, q + 16, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .and(15)
                        .convert(VectorOperators.I2F, 0))
                .mul(scale)
                .sub(min)
                .fma(FloatVector.fromArray(F, x, xk + 16), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, q + 24, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .and(15)
                          .convert(VectorOperators.I2F, 0))
                  .mul(scale)
                  .sub(min)
                  .fma(FloatVector.fromArray(F, x, xk + 16 + 8), b);
        }
        scale = FloatVector.broadcast(F, d * (scales >>> 8 & 63));
        min = FloatVector.broadcast(F, dmin * (mins >>> 8 & 63));
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, q, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .lanewise(VectorOperators.LSHR, 4)
                        .convert(VectorOperators.I2F, 0))
                .mul(scale)
                .sub(min)
                .fma(FloatVector.fromArray(F, x, xk + 32), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, q + 8, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .lanewise(VectorOperators.LSHR, 4)
                          .convert(VectorOperators.I2F, 0))
                  .mul(scale)
                  .sub(min)
                  .fma(FloatVector.fromArray(F, x, xk + 32 + 8), b);
        }
        a =
            ((FloatVector)
                    ((IntVector)
                            ByteVector.fromMemorySegment(B, data, q + 16, LITTLE_ENDIAN)
                                .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                        .lanewise(VectorOperators.LSHR, 4)
                        .convert(VectorOperators.I2F, 0))
                .mul(scale)
                .sub(min)
                .fma(FloatVector.fromArray(F, x, xk + 48), a);
        if (L == 8) {
          b =
              ((FloatVector)
                      ((IntVector)
                              ByteVector.fromMemorySegment(B, data, q + 24, LITTLE_ENDIAN)
                                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                          .lanewise(VectorOperators.LSHR, 4)
                          .convert(VectorOperators.I2F, 0))
                  .mul(scale)
                  .sub(min)
                  .fma(FloatVector.fromArray(F, x, xk + 48 + 8), b);
        }
        scales >>>= 16;
        mins >>>= 16;
      }
      at += 144;
    }
    a.intoArray(lanes, at16);
    if (L == 8) {
      b.intoArray(lanes, at16 + 8);
    }
  }
}
