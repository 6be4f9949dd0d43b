package io.hadal.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Four vectors hold the sixteen lanes; one or two products at a time. */
final class Tiles128 implements Tiles {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_128;

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
    tile4x1(a, a0, a1, a2, a3, b, b0, n, lanes, at);
    tile4x1(a, a0, a1, a2, a3, b, b1, n, lanes, at + jStride);
    tile4x1(a, a0, a1, a2, a3, b, b2, n, lanes, at + 2 * jStride);
    tile4x1(a, a0, a1, a2, a3, b, b3, n, lanes, at + 3 * jStride);
  }

  @Override
  public void tile4x1(
      float[] a, int a0, int a1, int a2, int a3, float[] b, int b0, int n, float[] lanes, int at) {
    tile2x1(a, a0, a1, b, b0, n, lanes, at);
    tile2x1(a, a2, a3, b, b0, n, lanes, at + 32);
  }

  private static void tile2x1(
      float[] a, int a0, int a1, float[] b, int b0, int n, float[] lanes, int at) {
    FloatVector c00a = FloatVector.fromArray(SPECIES, lanes, at);
    FloatVector c00b = FloatVector.fromArray(SPECIES, lanes, at + 4);
    FloatVector c00c = FloatVector.fromArray(SPECIES, lanes, at + 8);
    FloatVector c00d = FloatVector.fromArray(SPECIES, lanes, at + 12);
    FloatVector c10a = FloatVector.fromArray(SPECIES, lanes, at + 16);
    FloatVector c10b = FloatVector.fromArray(SPECIES, lanes, at + 20);
    FloatVector c10c = FloatVector.fromArray(SPECIES, lanes, at + 24);
    FloatVector c10d = FloatVector.fromArray(SPECIES, lanes, at + 28);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0a = FloatVector.fromArray(SPECIES, a, a0 + k);
      FloatVector v1a = FloatVector.fromArray(SPECIES, a, a1 + k);
      FloatVector x0a = FloatVector.fromArray(SPECIES, b, b0 + k);
      c00a = v0a.fma(x0a, c00a);
      c10a = v1a.fma(x0a, c10a);
      FloatVector v0b = FloatVector.fromArray(SPECIES, a, a0 + k + 4);
      FloatVector v1b = FloatVector.fromArray(SPECIES, a, a1 + k + 4);
      FloatVector x0b = FloatVector.fromArray(SPECIES, b, b0 + k + 4);
      c00b = v0b.fma(x0b, c00b);
      c10b = v1b.fma(x0b, c10b);
      FloatVector v0c = FloatVector.fromArray(SPECIES, a, a0 + k + 8);
      FloatVector v1c = FloatVector.fromArray(SPECIES, a, a1 + k + 8);
      FloatVector x0c = FloatVector.fromArray(SPECIES, b, b0 + k + 8);
      c00c = v0c.fma(x0c, c00c);
      c10c = v1c.fma(x0c, c10c);
      FloatVector v0d = FloatVector.fromArray(SPECIES, a, a0 + k + 12);
      FloatVector v1d = FloatVector.fromArray(SPECIES, a, a1 + k + 12);
      FloatVector x0d = FloatVector.fromArray(SPECIES, b, b0 + k + 12);
      c00d = v0d.fma(x0d, c00d);
      c10d = v1d.fma(x0d, c10d);
    }
    c00a.intoArray(lanes, at);
    c00b.intoArray(lanes, at + 4);
    c00c.intoArray(lanes, at + 8);
    c00d.intoArray(lanes, at + 12);
    c10a.intoArray(lanes, at + 16);
    c10b.intoArray(lanes, at + 20);
    c10c.intoArray(lanes, at + 24);
    c10d.intoArray(lanes, at + 28);
  }

  @Override
  public void tile1x1(float[] a, int a0, float[] b, int b0, int n, float[] lanes, int at) {
    FloatVector c00a = FloatVector.fromArray(SPECIES, lanes, at);
    FloatVector c00b = FloatVector.fromArray(SPECIES, lanes, at + 4);
    FloatVector c00c = FloatVector.fromArray(SPECIES, lanes, at + 8);
    FloatVector c00d = FloatVector.fromArray(SPECIES, lanes, at + 12);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0a = FloatVector.fromArray(SPECIES, a, a0 + k);
      FloatVector x0a = FloatVector.fromArray(SPECIES, b, b0 + k);
      c00a = v0a.fma(x0a, c00a);
      FloatVector v0b = FloatVector.fromArray(SPECIES, a, a0 + k + 4);
      FloatVector x0b = FloatVector.fromArray(SPECIES, b, b0 + k + 4);
      c00b = v0b.fma(x0b, c00b);
      FloatVector v0c = FloatVector.fromArray(SPECIES, a, a0 + k + 8);
      FloatVector x0c = FloatVector.fromArray(SPECIES, b, b0 + k + 8);
      c00c = v0c.fma(x0c, c00c);
      FloatVector v0d = FloatVector.fromArray(SPECIES, a, a0 + k + 12);
      FloatVector x0d = FloatVector.fromArray(SPECIES, b, b0 + k + 12);
      c00d = v0d.fma(x0d, c00d);
    }
    c00a.intoArray(lanes, at);
    c00b.intoArray(lanes, at + 4);
    c00c.intoArray(lanes, at + 8);
    c00d.intoArray(lanes, at + 12);
  }
}
