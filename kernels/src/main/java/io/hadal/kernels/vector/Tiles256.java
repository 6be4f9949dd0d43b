package io.hadal.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Two vectors hold the sixteen lanes; 2 x 2 products at a time fit sixteen registers. */
final class Tiles256 implements Tiles {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_256;

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
    tile2x2(a, a0, a1, b, b0, b1, n, lanes, at, jStride);
    tile2x2(a, a2, a3, b, b0, b1, n, lanes, at + 32, jStride);
    tile2x2(a, a0, a1, b, b2, b3, n, lanes, at + 2 * jStride, jStride);
    tile2x2(a, a2, a3, b, b2, b3, n, lanes, at + 2 * jStride + 32, jStride);
  }

  private static void tile2x2(
      float[] a,
      int a0,
      int a1,
      float[] b,
      int b0,
      int b1,
      int n,
      float[] lanes,
      int at,
      int jStride) {
    FloatVector c00a = FloatVector.fromArray(SPECIES, lanes, at);
    FloatVector c00b = FloatVector.fromArray(SPECIES, lanes, at + 8);
    FloatVector c01a = FloatVector.fromArray(SPECIES, lanes, at + jStride);
    FloatVector c01b = FloatVector.fromArray(SPECIES, lanes, at + jStride + 8);
    FloatVector c10a = FloatVector.fromArray(SPECIES, lanes, at + 16);
    FloatVector c10b = FloatVector.fromArray(SPECIES, lanes, at + 24);
    FloatVector c11a = FloatVector.fromArray(SPECIES, lanes, at + jStride + 16);
    FloatVector c11b = FloatVector.fromArray(SPECIES, lanes, at + jStride + 24);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0a = FloatVector.fromArray(SPECIES, a, a0 + k);
      FloatVector v1a = FloatVector.fromArray(SPECIES, a, a1 + k);
      FloatVector x0a = FloatVector.fromArray(SPECIES, b, b0 + k);
      c00a = v0a.fma(x0a, c00a);
      c10a = v1a.fma(x0a, c10a);
      FloatVector x1a = FloatVector.fromArray(SPECIES, b, b1 + k);
      c01a = v0a.fma(x1a, c01a);
      c11a = v1a.fma(x1a, c11a);
      FloatVector v0b = FloatVector.fromArray(SPECIES, a, a0 + k + 8);
      FloatVector v1b = FloatVector.fromArray(SPECIES, a, a1 + k + 8);
      FloatVector x0b = FloatVector.fromArray(SPECIES, b, b0 + k + 8);
      c00b = v0b.fma(x0b, c00b);
      c10b = v1b.fma(x0b, c10b);
      FloatVector x1b = FloatVector.fromArray(SPECIES, b, b1 + k + 8);
      c01b = v0b.fma(x1b, c01b);
      c11b = v1b.fma(x1b, c11b);
    }
    c00a.intoArray(lanes, at);
    c00b.intoArray(lanes, at + 8);
    c01a.intoArray(lanes, at + jStride);
    c01b.intoArray(lanes, at + jStride + 8);
    c10a.intoArray(lanes, at + 16);
    c10b.intoArray(lanes, at + 24);
    c11a.intoArray(lanes, at + jStride + 16);
    c11b.intoArray(lanes, at + jStride + 24);
  }

  @Override
  public void tile4x1(
      float[] a, int a0, int a1, int a2, int a3, float[] b, int b0, int n, float[] lanes, int at) {
    FloatVector c00a = FloatVector.fromArray(SPECIES, lanes, at);
    FloatVector c00b = FloatVector.fromArray(SPECIES, lanes, at + 8);
    FloatVector c10a = FloatVector.fromArray(SPECIES, lanes, at + 16);
    FloatVector c10b = FloatVector.fromArray(SPECIES, lanes, at + 24);
    FloatVector c20a = FloatVector.fromArray(SPECIES, lanes, at + 32);
    FloatVector c20b = FloatVector.fromArray(SPECIES, lanes, at + 40);
    FloatVector c30a = FloatVector.fromArray(SPECIES, lanes, at + 48);
    FloatVector c30b = FloatVector.fromArray(SPECIES, lanes, at + 56);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0a = FloatVector.fromArray(SPECIES, a, a0 + k);
      FloatVector v1a = FloatVector.fromArray(SPECIES, a, a1 + k);
      FloatVector v2a = FloatVector.fromArray(SPECIES, a, a2 + k);
      FloatVector v3a = FloatVector.fromArray(SPECIES, a, a3 + k);
      FloatVector x0a = FloatVector.fromArray(SPECIES, b, b0 + k);
      c00a = v0a.fma(x0a, c00a);
      c10a = v1a.fma(x0a, c10a);
      c20a = v2a.fma(x0a, c20a);
      c30a = v3a.fma(x0a, c30a);
      FloatVector v0b = FloatVector.fromArray(SPECIES, a, a0 + k + 8);
      FloatVector v1b = FloatVector.fromArray(SPECIES, a, a1 + k + 8);
      FloatVector v2b = FloatVector.fromArray(SPECIES, a, a2 + k + 8);
      FloatVector v3b = FloatVector.fromArray(SPECIES, a, a3 + k + 8);
      FloatVector x0b = FloatVector.fromArray(SPECIES, b, b0 + k + 8);
      c00b = v0b.fma(x0b, c00b);
      c10b = v1b.fma(x0b, c10b);
      c20b = v2b.fma(x0b, c20b);
      c30b = v3b.fma(x0b, c30b);
    }
    c00a.intoArray(lanes, at);
    c00b.intoArray(lanes, at + 8);
    c10a.intoArray(lanes, at + 16);
    c10b.intoArray(lanes, at + 24);
    c20a.intoArray(lanes, at + 32);
    c20b.intoArray(lanes, at + 40);
    c30a.intoArray(lanes, at + 48);
    c30b.intoArray(lanes, at + 56);
  }

  @Override
  public void tile1x1(float[] a, int a0, float[] b, int b0, int n, float[] lanes, int at) {
    FloatVector c00a = FloatVector.fromArray(SPECIES, lanes, at);
    FloatVector c00b = FloatVector.fromArray(SPECIES, lanes, at + 8);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0a = FloatVector.fromArray(SPECIES, a, a0 + k);
      FloatVector x0a = FloatVector.fromArray(SPECIES, b, b0 + k);
      c00a = v0a.fma(x0a, c00a);
      FloatVector v0b = FloatVector.fromArray(SPECIES, a, a0 + k + 8);
      FloatVector x0b = FloatVector.fromArray(SPECIES, b, b0 + k + 8);
      c00b = v0b.fma(x0b, c00b);
    }
    c00a.intoArray(lanes, at);
    c00b.intoArray(lanes, at + 8);
  }
}
