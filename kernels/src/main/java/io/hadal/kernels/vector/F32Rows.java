package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** F32 rows times one input. */
final class F32Rows implements RowKernel {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  @Override
  public void rows4(Matrix w, int r0, int r1, int r2, int r3, float[] x, int xAt, float[] lanes) {
    MemorySegment data = w.data();
    int whole = w.cols() & -16;
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
    for (int k = 0; k < whole; k += 16) {
      x0 = FloatVector.fromArray(F, x, xAt + k);
      a0 = FloatVector.fromMemorySegment(F, data, p0 + 4L * k, LITTLE_ENDIAN).fma(x0, a0);
      a1 = FloatVector.fromMemorySegment(F, data, p1 + 4L * k, LITTLE_ENDIAN).fma(x0, a1);
      a2 = FloatVector.fromMemorySegment(F, data, p2 + 4L * k, LITTLE_ENDIAN).fma(x0, a2);
      a3 = FloatVector.fromMemorySegment(F, data, p3 + 4L * k, LITTLE_ENDIAN).fma(x0, a3);
      if (L == 8) {
        x0 = FloatVector.fromArray(F, x, xAt + k + 8);
        b0 = FloatVector.fromMemorySegment(F, data, p0 + 4L * k + 32, LITTLE_ENDIAN).fma(x0, b0);
        b1 = FloatVector.fromMemorySegment(F, data, p1 + 4L * k + 32, LITTLE_ENDIAN).fma(x0, b1);
        b2 = FloatVector.fromMemorySegment(F, data, p2 + 4L * k + 32, LITTLE_ENDIAN).fma(x0, b2);
        b3 = FloatVector.fromMemorySegment(F, data, p3 + 4L * k + 32, LITTLE_ENDIAN).fma(x0, b3);
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
