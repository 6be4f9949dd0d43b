package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** BF16 rows times one input. */
final class Bf16Rows implements RowKernel {
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Short> S = Width.S;
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
      a0 =
          ((IntVector)
                  ShortVector.fromMemorySegment(S, data, p0 + 2L * k, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .fma(x0, a0);
      a1 =
          ((IntVector)
                  ShortVector.fromMemorySegment(S, data, p1 + 2L * k, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .fma(x0, a1);
      a2 =
          ((IntVector)
                  ShortVector.fromMemorySegment(S, data, p2 + 2L * k, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .fma(x0, a2);
      a3 =
          ((IntVector)
                  ShortVector.fromMemorySegment(S, data, p3 + 2L * k, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
              .lanewise(VectorOperators.LSHL, 16)
              .reinterpretAsFloats()
              .fma(x0, a3);
      if (L == 8) {
        x0 = FloatVector.fromArray(F, x, xAt + k + 8);
        b0 =
            ((IntVector)
                    ShortVector.fromMemorySegment(S, data, p0 + 2L * k + 16, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats()
                .fma(x0, b0);
        b1 =
            ((IntVector)
                    ShortVector.fromMemorySegment(S, data, p1 + 2L * k + 16, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats()
                .fma(x0, b1);
        b2 =
            ((IntVector)
                    ShortVector.fromMemorySegment(S, data, p2 + 2L * k + 16, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats()
                .fma(x0, b2);
        b3 =
            ((IntVector)
                    ShortVector.fromMemorySegment(S, data, p3 + 2L * k + 16, LITTLE_ENDIAN)
                        .convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0))
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats()
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
