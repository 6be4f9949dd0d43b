package io.hadal.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * 12 rows of A times a panel of B two vectors wide, all sums in registers: for vectors of 512 bits.
 */
final class GemmTile12 implements GemmTile {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  @Override
  public int rows() {
    return 12;
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
    int a6 = offset + 6 * stride;
    int a7 = offset + 7 * stride;
    int a8 = offset + 8 * stride;
    int a9 = offset + 9 * stride;
    int a10 = offset + 10 * stride;
    int a11 = offset + 11 * stride;
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
    FloatVector c6 = FloatVector.zero(F);
    FloatVector d6 = FloatVector.zero(F);
    FloatVector c7 = FloatVector.zero(F);
    FloatVector d7 = FloatVector.zero(F);
    FloatVector c8 = FloatVector.zero(F);
    FloatVector d8 = FloatVector.zero(F);
    FloatVector c9 = FloatVector.zero(F);
    FloatVector d9 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector d10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector d11 = FloatVector.zero(F);
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
      FloatVector v6 = FloatVector.broadcast(F, a[a6 + i]);
      c6 = v6.fma(b0, c6);
      d6 = v6.fma(b1, d6);
      FloatVector v7 = FloatVector.broadcast(F, a[a7 + i]);
      c7 = v7.fma(b0, c7);
      d7 = v7.fma(b1, d7);
      FloatVector v8 = FloatVector.broadcast(F, a[a8 + i]);
      c8 = v8.fma(b0, c8);
      d8 = v8.fma(b1, d8);
      FloatVector v9 = FloatVector.broadcast(F, a[a9 + i]);
      c9 = v9.fma(b0, c9);
      d9 = v9.fma(b1, d9);
      FloatVector v10 = FloatVector.broadcast(F, a[a10 + i]);
      c10 = v10.fma(b0, c10);
      d10 = v10.fma(b1, d10);
      FloatVector v11 = FloatVector.broadcast(F, a[a11 + i]);
      c11 = v11.fma(b0, c11);
      d11 = v11.fma(b1, d11);
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
    c6.intoArray(out, 12 * L);
    d6.intoArray(out, 13 * L);
    c7.intoArray(out, 14 * L);
    d7.intoArray(out, 15 * L);
    c8.intoArray(out, 16 * L);
    d8.intoArray(out, 17 * L);
    c9.intoArray(out, 18 * L);
    d9.intoArray(out, 19 * L);
    c10.intoArray(out, 20 * L);
    d10.intoArray(out, 21 * L);
    c11.intoArray(out, 22 * L);
    d11.intoArray(out, 23 * L);
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
    FloatVector c6 = FloatVector.zero(F);
    FloatVector d6 = FloatVector.zero(F);
    FloatVector c7 = FloatVector.zero(F);
    FloatVector d7 = FloatVector.zero(F);
    FloatVector c8 = FloatVector.zero(F);
    FloatVector d8 = FloatVector.zero(F);
    FloatVector c9 = FloatVector.zero(F);
    FloatVector d9 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector d10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector d11 = FloatVector.zero(F);
    for (int i = 0; i < k; i++) {
      FloatVector b0 = FloatVector.fromArray(F, b, bOffset + i * 2 * L);
      FloatVector b1 = FloatVector.fromArray(F, b, bOffset + i * 2 * L + L);
      FloatVector v0 = FloatVector.broadcast(F, a[offset + i * 12]);
      c0 = v0.fma(b0, c0);
      d0 = v0.fma(b1, d0);
      FloatVector v1 = FloatVector.broadcast(F, a[offset + i * 12 + 1]);
      c1 = v1.fma(b0, c1);
      d1 = v1.fma(b1, d1);
      FloatVector v2 = FloatVector.broadcast(F, a[offset + i * 12 + 2]);
      c2 = v2.fma(b0, c2);
      d2 = v2.fma(b1, d2);
      FloatVector v3 = FloatVector.broadcast(F, a[offset + i * 12 + 3]);
      c3 = v3.fma(b0, c3);
      d3 = v3.fma(b1, d3);
      FloatVector v4 = FloatVector.broadcast(F, a[offset + i * 12 + 4]);
      c4 = v4.fma(b0, c4);
      d4 = v4.fma(b1, d4);
      FloatVector v5 = FloatVector.broadcast(F, a[offset + i * 12 + 5]);
      c5 = v5.fma(b0, c5);
      d5 = v5.fma(b1, d5);
      FloatVector v6 = FloatVector.broadcast(F, a[offset + i * 12 + 6]);
      c6 = v6.fma(b0, c6);
      d6 = v6.fma(b1, d6);
      FloatVector v7 = FloatVector.broadcast(F, a[offset + i * 12 + 7]);
      c7 = v7.fma(b0, c7);
      d7 = v7.fma(b1, d7);
      FloatVector v8 = FloatVector.broadcast(F, a[offset + i * 12 + 8]);
      c8 = v8.fma(b0, c8);
      d8 = v8.fma(b1, d8);
      FloatVector v9 = FloatVector.broadcast(F, a[offset + i * 12 + 9]);
      c9 = v9.fma(b0, c9);
      d9 = v9.fma(b1, d9);
      FloatVector v10 = FloatVector.broadcast(F, a[offset + i * 12 + 10]);
      c10 = v10.fma(b0, c10);
      d10 = v10.fma(b1, d10);
      FloatVector v11 = FloatVector.broadcast(F, a[offset + i * 12 + 11]);
      c11 = v11.fma(b0, c11);
      d11 = v11.fma(b1, d11);
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
    c6.intoArray(out, 12 * L);
    d6.intoArray(out, 13 * L);
    c7.intoArray(out, 14 * L);
    d7.intoArray(out, 15 * L);
    c8.intoArray(out, 16 * L);
    d8.intoArray(out, 17 * L);
    c9.intoArray(out, 18 * L);
    d9.intoArray(out, 19 * L);
    c10.intoArray(out, 20 * L);
    d10.intoArray(out, 21 * L);
    c11.intoArray(out, 22 * L);
    d11.intoArray(out, 23 * L);
  }
}
