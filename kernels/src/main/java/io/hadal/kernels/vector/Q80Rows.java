package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Q8_0 rows times one input. */
final class Q80Rows implements RowKernel {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  @Override
  public void rows4(Matrix w, int r0, int r1, int r2, int r3, float[] x, int xAt, float[] lanes) {
    MemorySegment data = w.data();
    int blocks = w.cols() / 32;
    long p0 = w.rowBytes() * r0;
    long p1 = w.rowBytes() * r1;
    long p2 = w.rowBytes() * r2;
    long p3 = w.rowBytes() * r3;
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = FloatVector.zero(F);
    FloatVector a2 = FloatVector.zero(F);
    FloatVector a3 = FloatVector.zero(F);
    FloatVector b0 = FloatVector.zero(F);
    FloatVector b1 = FloatVector.zero(F);
    FloatVector b2 = FloatVector.zero(F);
    FloatVector b3 = FloatVector.zero(F);
    FloatVector x0;
    for (int k = 0; k < blocks; k++) {
      long at = 34L * k;
      int xk = xAt + 32 * k;
      FloatVector d0 =
          FloatVector.broadcast(F, Float.float16ToFloat(data.get(Layouts.SHORT, p0 + at)));
      FloatVector d1 =
          FloatVector.broadcast(F, Float.float16ToFloat(data.get(Layouts.SHORT, p1 + at)));
      FloatVector d2 =
          FloatVector.broadcast(F, Float.float16ToFloat(data.get(Layouts.SHORT, p2 + at)));
      FloatVector d3 =
          FloatVector.broadcast(F, Float.float16ToFloat(data.get(Layouts.SHORT, p3 + at)));
      x0 = FloatVector.fromArray(F, x, xk);
      a0 =
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, data, p0 + at + 2, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(d0)
              .fma(x0, a0);
      a1 =
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, data, p1 + at + 2, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(d1)
              .fma(x0, a1);
      a2 =
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, data, p2 + at + 2, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(d2)
              .fma(x0, a2);
      a3 =
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, data, p3 + at + 2, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(d3)
              .fma(x0, a3);
      if (L == 8) {
        x0 = FloatVector.fromArray(F, x, xk + 8);
        b0 =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, data, p0 + at + 10, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(d0)
                .fma(x0, b0);
        b1 =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, data, p1 + at + 10, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(d1)
                .fma(x0, b1);
        b2 =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, data, p2 + at + 10, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(d2)
                .fma(x0, b2);
        b3 =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, data, p3 + at + 10, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(d3)
                .fma(x0, b3);
      }
      x0 = FloatVector.fromArray(F, x, xk + 16);
      a0 =
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, data, p0 + at + 18, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(d0)
              .fma(x0, a0);
      a1 =
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, data, p1 + at + 18, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(d1)
              .fma(x0, a1);
      a2 =
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, data, p2 + at + 18, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(d2)
              .fma(x0, a2);
      a3 =
          ((FloatVector)
                  ByteVector.fromMemorySegment(B, data, p3 + at + 18, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.B2F, F, 0))
              .mul(d3)
              .fma(x0, a3);
      if (L == 8) {
        x0 = FloatVector.fromArray(F, x, xk + 16 + 8);
        b0 =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, data, p0 + at + 26, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(d0)
                .fma(x0, b0);
        b1 =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, data, p1 + at + 26, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(d1)
                .fma(x0, b1);
        b2 =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, data, p2 + at + 26, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(d2)
                .fma(x0, b2);
        b3 =
            ((FloatVector)
                    ByteVector.fromMemorySegment(B, data, p3 + at + 26, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.B2F, F, 0))
                .mul(d3)
                .fma(x0, b3);
      }
    }
    a0.intoArray(lanes, 0);
    a1.intoArray(lanes, 16);
    a2.intoArray(lanes, 32);
    a3.intoArray(lanes, 48);
    if (L == 8) {
      b0.intoArray(lanes, 8);
      b1.intoArray(lanes, 24);
      b2.intoArray(lanes, 40);
      b3.intoArray(lanes, 56);
    }
  }
}
