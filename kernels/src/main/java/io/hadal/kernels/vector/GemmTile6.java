package io.hadal.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * 6 rows of A times a panel of B two vectors wide, all sums in registers: for vectors of up to 256
 * bits.
 */
final class GemmTile6 implements GemmTile {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  @Override
  public int rows() {
    return 6;
  }

  @Override
  public void direct(
      float[] a, int offset, int stride, float[] b, int bOffset, int k, float[] out) {
    int a0 = offset;
    int a1 = offset + stride;
    int a2 = offset + 2 * stride;
    int a3 = offset + 3 * stride;
    int a4 = offset + 4 * stride;
    int a5 = offset + 5 * stride;
    FloatVector c0 = FloatVector.zero(F);
    FloatVector d0 = FloatVector.zero(F);
    FloatVector c1 = FloatVector.zero(F);
    FloatVector d1 = FloatVector.zero(F);
    FloatVector c2 = FloatVector.zero(F);
    FloatVector d2 = FloatVector.zero(F);
    FloatVector c3 = FloatVector.zero(F);
    FloatVector d3 = FloatVector.zero(F);
    FloatVector c4 = FloatVector.zero(F);
    FloatVector d4 = FloatVector.zero(F);
    FloatVector c5 = FloatVector.zero(F);
    FloatVector d5 = FloatVector.zero(F);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = FloatVector.fromArray(F, b, bOffset + i * 2 * L);
      FloatVector b1 = FloatVector.fromArray(F, b, bOffset + i * 2 * L + L);
      FloatVector v0 = FloatVector.broadcast(F, a[a0 + i]);
      c0 = v0.fma(b0, c0);
      d0 = v0.fma(b1, d0);
      FloatVector v1 = FloatVector.broadcast(F, a[a1 + i]);
      c1 = v1.fma(b0, c1);
      d1 = v1.fma(b1, d1);
      FloatVector v2 = FloatVector.broadcast(F, a[a2 + i]);
      c2 = v2.fma(b0, c2);
      d2 = v2.fma(b1, d2);
      FloatVector v3 = FloatVector.broadcast(F, a[a3 + i]);
      c3 = v3.fma(b0, c3);
      d3 = v3.fma(b1, d3);
      FloatVector v4 = FloatVector.broadcast(F, a[a4 + i]);
      c4 = v4.fma(b0, c4);
      d4 = v4.fma(b1, d4);
      FloatVector v5 = FloatVector.broadcast(F, a[a5 + i]);
      c5 = v5.fma(b0, c5);
      d5 = v5.fma(b1, d5);
    }
    c0.intoArray(out, 0);
    d0.intoArray(out, L);
    c1.intoArray(out, 2 * L);
    d1.intoArray(out, 3 * L);
    c2.intoArray(out, 4 * L);
    d2.intoArray(out, 5 * L);
    c3.intoArray(out, 6 * L);
    d3.intoArray(out, 7 * L);
    c4.intoArray(out, 8 * L);
    d4.intoArray(out, 9 * L);
    c5.intoArray(out, 10 * L);
    d5.intoArray(out, 11 * L);
  }

  @Override
  public void packed(float[] a, int offset, float[] b, int bOffset, int k, float[] out) {
    FloatVector c0 = FloatVector.zero(F);
    FloatVector d0 = FloatVector.zero(F);
    FloatVector c1 = FloatVector.zero(F);
    FloatVector d1 = FloatVector.zero(F);
    FloatVector c2 = FloatVector.zero(F);
    FloatVector d2 = FloatVector.zero(F);
    FloatVector c3 = FloatVector.zero(F);
    FloatVector d3 = FloatVector.zero(F);
    FloatVector c4 = FloatVector.zero(F);
    FloatVector d4 = FloatVector.zero(F);
    FloatVector c5 = FloatVector.zero(F);
    FloatVector d5 = FloatVector.zero(F);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = FloatVector.fromArray(F, b, bOffset + i * 2 * L);
      FloatVector b1 = FloatVector.fromArray(F, b, bOffset + i * 2 * L + L);
      FloatVector v0 = FloatVector.broadcast(F, a[offset + i * 6]);
      c0 = v0.fma(b0, c0);
      d0 = v0.fma(b1, d0);
      FloatVector v1 = FloatVector.broadcast(F, a[offset + i * 6 + 1]);
      c1 = v1.fma(b0, c1);
      d1 = v1.fma(b1, d1);
      FloatVector v2 = FloatVector.broadcast(F, a[offset + i * 6 + 2]);
      c2 = v2.fma(b0, c2);
      d2 = v2.fma(b1, d2);
      FloatVector v3 = FloatVector.broadcast(F, a[offset + i * 6 + 3]);
      c3 = v3.fma(b0, c3);
      d3 = v3.fma(b1, d3);
      FloatVector v4 = FloatVector.broadcast(F, a[offset + i * 6 + 4]);
      c4 = v4.fma(b0, c4);
      d4 = v4.fma(b1, d4);
      FloatVector v5 = FloatVector.broadcast(F, a[offset + i * 6 + 5]);
      c5 = v5.fma(b0, c5);
      d5 = v5.fma(b1, d5);
    }
    c0.intoArray(out, 0);
    d0.intoArray(out, L);
    c1.intoArray(out, 2 * L);
    d1.intoArray(out, 3 * L);
    c2.intoArray(out, 4 * L);
    d2.intoArray(out, 5 * L);
    c3.intoArray(out, 6 * L);
    d3.intoArray(out, 7 * L);
    c4.intoArray(out, 8 * L);
    d4.intoArray(out, 9 * L);
    c5.intoArray(out, 10 * L);
    d5.intoArray(out, 11 * L);
  }
}
