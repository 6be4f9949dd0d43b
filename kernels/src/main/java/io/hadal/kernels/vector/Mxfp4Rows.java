package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.Grids;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** MXFP4 rows times one input. */
final class Mxfp4Rows implements RowKernel {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final IntVector LOW = Nibbles.low(Grids.DOUBLED_E2M1);
  private static final IntVector HIGH = Nibbles.high(Grids.DOUBLED_E2M1);

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
    IntVector q;
    for (int k = 0; k < blocks; k++) {
      long at = 17L * k;
      int xk = xAt + 32 * k;
      FloatVector d0 =
          FloatVector.broadcast(
              F, Grids.mxfp4HalfScale(data.get(ValueLayout.JAVA_BYTE, p0 + at) & 0xff));
      FloatVector d1 =
          FloatVector.broadcast(
              F, Grids.mxfp4HalfScale(data.get(ValueLayout.JAVA_BYTE, p1 + at) & 0xff));
      FloatVector d2 =
          FloatVector.broadcast(
              F, Grids.mxfp4HalfScale(data.get(ValueLayout.JAVA_BYTE, p2 + at) & 0xff));
      FloatVector d3 =
          FloatVector.broadcast(
              F, Grids.mxfp4HalfScale(data.get(ValueLayout.JAVA_BYTE, p3 + at) & 0xff));
      x0 = FloatVector.fromArray(F, x, xk);
      q =
          ((IntVector)
                  ByteVector.fromMemorySegment(B, data, p0 + at + 1, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
              .and(15);
      q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
      a0 = q.reinterpretAsFloats().mul(d0).fma(x0, a0);
      q =
          ((IntVector)
                  ByteVector.fromMemorySegment(B, data, p1 + at + 1, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
              .and(15);
      q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
      a1 = q.reinterpretAsFloats().mul(d1).fma(x0, a1);
      q =
          ((IntVector)
                  ByteVector.fromMemorySegment(B, data, p2 + at + 1, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
              .and(15);
      q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
      a2 = q.reinterpretAsFloats().mul(d2).fma(x0, a2);
      q =
          ((IntVector)
                  ByteVector.fromMemorySegment(B, data, p3 + at + 1, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
              .and(15);
      q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
      a3 = q.reinterpretAsFloats().mul(d3).fma(x0, a3);
      if (L == 8) {
        x0 = FloatVector.fromArray(F, x, xk + 8);
        q =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, data, p0 + at + 9, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                .and(15);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        b0 = q.reinterpretAsFloats().mul(d0).fma(x0, b0);
        q =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, data, p1 + at + 9, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                .and(15);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        b1 = q.reinterpretAsFloats().mul(d1).fma(x0, b1);
        q =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, data, p2 + at + 9, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                .and(15);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        b2 = q.reinterpretAsFloats().mul(d2).fma(x0, b2);
        q =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, data, p3 + at + 9, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                .and(15);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        b3 = q.reinterpretAsFloats().mul(d3).fma(x0, b3);
      }
      x0 = FloatVector.fromArray(F, x, xk + 16);
      q =
          ((IntVector)
                  ByteVector.fromMemorySegment(B, data, p0 + at + 1, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
              .lanewise(VectorOperators.LSHR, 4);
      q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
      a0 = q.reinterpretAsFloats().mul(d0).fma(x0, a0);
      q =
          ((IntVector)
                  ByteVector.fromMemorySegment(B, data, p1 + at + 1, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
              .lanewise(VectorOperators.LSHR, 4);
      q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
      a1 = q.reinterpretAsFloats().mul(d1).fma(x0, a1);
      q =
          ((IntVector)
                  ByteVector.fromMemorySegment(B, data, p2 + at + 1, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
              .lanewise(VectorOperators.LSHR, 4);
      q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
      a2 = q.reinterpretAsFloats().mul(d2).fma(x0, a2);
      q =
          ((IntVector)
                  ByteVector.fromMemorySegment(B, data, p3 + at + 1, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
              .lanewise(VectorOperators.LSHR, 4);
      q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
      a3 = q.reinterpretAsFloats().mul(d3).fma(x0, a3);
      if (L == 8) {
        x0 = FloatVector.fromArray(F, x, xk + 16 + 8);
        q =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, data, p0 + at + 9, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                .lanewise(VectorOperators.LSHR, 4);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        b0 = q.reinterpretAsFloats().mul(d0).fma(x0, b0);
        q =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, data, p1 + at + 9, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                .lanewise(VectorOperators.LSHR, 4);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        b1 = q.reinterpretAsFloats().mul(d1).fma(x0, b1);
        q =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, data, p2 + at + 9, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                .lanewise(VectorOperators.LSHR, 4);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        b2 = q.reinterpretAsFloats().mul(d2).fma(x0, b2);
        q =
            ((IntVector)
                    ByteVector.fromMemorySegment(B, data, p3 + at + 9, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
                .lanewise(VectorOperators.LSHR, 4);
        q = L == 16 ? q.selectFrom(LOW) : q.selectFrom(LOW, HIGH);
        b3 = q.reinterpretAsFloats().mul(d3).fma(x0, b3);
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
