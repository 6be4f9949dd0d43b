package io.hadal.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A vector holds all sixteen lanes. */
final class Tiles512 implements Tiles {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_512;

  @Override
  public void tile4x4(
      float[] a,
      int a0,
      int a1,
      int a2,
      int a3,
      float[] b,
      int b0,
      int b1,
      int b2,
      int b3,
      int n,
      float[] lanes,
      int at,
      int jStride) {
    FloatVector c00 = FloatVector.fromArray(SPECIES, lanes, at);
    FloatVector c01 = FloatVector.fromArray(SPECIES, lanes, at + jStride);
    FloatVector c02 = FloatVector.fromArray(SPECIES, lanes, at + 2 * jStride);
    FloatVector c03 = FloatVector.fromArray(SPECIES, lanes, at + 3 * jStride);
    FloatVector c10 = FloatVector.fromArray(SPECIES, lanes, at + 16);
    FloatVector c11 = FloatVector.fromArray(SPECIES, lanes, at + jStride + 16);
    FloatVector c12 = FloatVector.fromArray(SPECIES, lanes, at + 2 * jStride + 16);
    FloatVector c13 = FloatVector.fromArray(SPECIES, lanes, at + 3 * jStride + 16);
    FloatVector c20 = FloatVector.fromArray(SPECIES, lanes, at + 32);
    FloatVector c21 = FloatVector.fromArray(SPECIES, lanes, at + jStride + 32);
    FloatVector c22 = FloatVector.fromArray(SPECIES, lanes, at + 2 * jStride + 32);
    FloatVector c23 = FloatVector.fromArray(SPECIES, lanes, at + 3 * jStride + 32);
    FloatVector c30 = FloatVector.fromArray(SPECIES, lanes, at + 48);
    FloatVector c31 = FloatVector.fromArray(SPECIES, lanes, at + jStride + 48);
    FloatVector c32 = FloatVector.fromArray(SPECIES, lanes, at + 2 * jStride + 48);
    FloatVector c33 = FloatVector.fromArray(SPECIES, lanes, at + 3 * jStride + 48);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0 = FloatVector.fromArray(SPECIES, a, a0 + k);
      FloatVector v1 = FloatVector.fromArray(SPECIES, a, a1 + k);
      FloatVector v2 = FloatVector.fromArray(SPECIES, a, a2 + k);
      FloatVector v3 = FloatVector.fromArray(SPECIES, a, a3 + k);
      FloatVector x0 = FloatVector.fromArray(SPECIES, b, b0 + k);
      c00 = v0.fma(x0, c00);
      c10 = v1.fma(x0, c10);
      c20 = v2.fma(x0, c20);
      c30 = v3.fma(x0, c30);
      FloatVector x1 = FloatVector.fromArray(SPECIES, b, b1 + k);
      c01 = v0.fma(x1, c01);
      c11 = v1.fma(x1, c11);
      c21 = v2.fma(x1, c21);
      c31 = v3.fma(x1, c31);
      FloatVector x2 = FloatVector.fromArray(SPECIES, b, b2 + k);
      c02 = v0.fma(x2, c02);
      c12 = v1.fma(x2, c12);
      c22 = v2.fma(x2, c22);
      c32 = v3.fma(x2, c32);
      FloatVector x3 = FloatVector.fromArray(SPECIES, b, b3 + k);
      c03 = v0.fma(x3, c03);
      c13 = v1.fma(x3, c13);
      c23 = v2.fma(x3, c23);
      c33 = v3.fma(x3, c33);
    }
    c00.intoArray(lanes, at);
    c01.intoArray(lanes, at + jStride);
    c02.intoArray(lanes, at + 2 * jStride);
    c03.intoArray(lanes, at + 3 * jStride);
    c10.intoArray(lanes, at + 16);
    c11.intoArray(lanes, at + jStride + 16);
    c12.intoArray(lanes, at + 2 * jStride + 16);
    c13.intoArray(lanes, at + 3 * jStride + 16);
    c20.intoArray(lanes, at + 32);
    c21.intoArray(lanes, at + jStride + 32);
    c22.intoArray(lanes, at + 2 * jStride + 32);
    c23.intoArray(lanes, at + 3 * jStride + 32);
    c30.intoArray(lanes, at + 48);
    c31.intoArray(lanes, at + jStride + 48);
    c32.intoArray(lanes, at + 2 * jStride + 48);
    c33.intoArray(lanes, at + 3 * jStride + 48);
  }

  @Override
  public void tile4x1(
      float[] a, int a0, int a1, int a2, int a3, float[] b, int b0, int n, float[] lanes, int at) {
    FloatVector c00 = FloatVector.fromArray(SPECIES, lanes, at);
    FloatVector c10 = FloatVector.fromArray(SPECIES, lanes, at + 16);
    FloatVector c20 = FloatVector.fromArray(SPECIES, lanes, at + 32);
    FloatVector c30 = FloatVector.fromArray(SPECIES, lanes, at + 48);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0 = FloatVector.fromArray(SPECIES, a, a0 + k);
      FloatVector v1 = FloatVector.fromArray(SPECIES, a, a1 + k);
      FloatVector v2 = FloatVector.fromArray(SPECIES, a, a2 + k);
      FloatVector v3 = FloatVector.fromArray(SPECIES, a, a3 + k);
      FloatVector x0 = FloatVector.fromArray(SPECIES, b, b0 + k);
      c00 = v0.fma(x0, c00);
      c10 = v1.fma(x0, c10);
      c20 = v2.fma(x0, c20);
      c30 = v3.fma(x0, c30);
    }
    c00.intoArray(lanes, at);
    c10.intoArray(lanes, at + 16);
    c20.intoArray(lanes, at + 32);
    c30.intoArray(lanes, at + 48);
  }

  @Override
  public void tile1x1(float[] a, int a0, float[] b, int b0, int n, float[] lanes, int at) {
    FloatVector c00 = FloatVector.fromArray(SPECIES, lanes, at);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0 = FloatVector.fromArray(SPECIES, a, a0 + k);
      FloatVector x0 = FloatVector.fromArray(SPECIES, b, b0 + k);
      c00 = v0.fma(x0, c00);
    }
    c00.intoArray(lanes, at);
  }
}
