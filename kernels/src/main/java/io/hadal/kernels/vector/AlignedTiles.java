package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link Tiles512} with one side of the product outside the heap, from a multiple of 64 bytes on. A
 * vector in a Java array crosses a line of the cache and takes two loads: with both sides in arrays
 * loads are the limit, with one of them multiply-adds are.
 */
final class AlignedTiles {
  /** False for narrower vectors, few of which cross a line, and without native access. */
  static final boolean USABLE = Width.BITS == 512 && OffHeap.MEMORY.byteSize() > 0;

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;

  private AlignedTiles() {}

  /** {@link Tiles#tile4x4}, the a rows by address. */
  static void tile4x4(
      long a0,
      long a1,
      long a2,
      long a3,
      float[] b,
      int b0,
      int b1,
      int b2,
      int b3,
      int n,
      float[] lanes,
      int at,
      int jStride) {
    FloatVector c00 = FloatVector.fromArray(F, lanes, at);
    FloatVector c01 = FloatVector.fromArray(F, lanes, at + jStride);
    FloatVector c02 = FloatVector.fromArray(F, lanes, at + 2 * jStride);
    FloatVector c03 = FloatVector.fromArray(F, lanes, at + 3 * jStride);
    FloatVector c10 = FloatVector.fromArray(F, lanes, at + 16);
    FloatVector c11 = FloatVector.fromArray(F, lanes, at + jStride + 16);
    FloatVector c12 = FloatVector.fromArray(F, lanes, at + 2 * jStride + 16);
    FloatVector c13 = FloatVector.fromArray(F, lanes, at + 3 * jStride + 16);
    FloatVector c20 = FloatVector.fromArray(F, lanes, at + 32);
    FloatVector c21 = FloatVector.fromArray(F, lanes, at + jStride + 32);
    FloatVector c22 = FloatVector.fromArray(F, lanes, at + 2 * jStride + 32);
    FloatVector c23 = FloatVector.fromArray(F, lanes, at + 3 * jStride + 32);
    FloatVector c30 = FloatVector.fromArray(F, lanes, at + 48);
    FloatVector c31 = FloatVector.fromArray(F, lanes, at + jStride + 48);
    FloatVector c32 = FloatVector.fromArray(F, lanes, at + 2 * jStride + 48);
    FloatVector c33 = FloatVector.fromArray(F, lanes, at + 3 * jStride + 48);
    for (int k = 0; k < n; k += 16) {
      FloatVector v0 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a0 + 4L * k, LITTLE_ENDIAN);
      FloatVector v1 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a1 + 4L * k, LITTLE_ENDIAN);
      FloatVector v2 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a2 + 4L * k, LITTLE_ENDIAN);
      FloatVector v3 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a3 + 4L * k, LITTLE_ENDIAN);
      FloatVector x0 = FloatVector.fromArray(F, b, b0 + k);
      c00 = v0.fma(x0, c00);
      c10 = v1.fma(x0, c10);
      c20 = v2.fma(x0, c20);
      c30 = v3.fma(x0, c30);
      FloatVector x1 = FloatVector.fromArray(F, b, b1 + k);
      c01 = v0.fma(x1, c01);
      c11 = v1.fma(x1, c11);
      c21 = v2.fma(x1, c21);
      c31 = v3.fma(x1, c31);
      FloatVector x2 = FloatVector.fromArray(F, b, b2 + k);
      c02 = v0.fma(x2, c02);
      c12 = v1.fma(x2, c12);
      c22 = v2.fma(x2, c22);
      c32 = v3.fma(x2, c32);
      FloatVector x3 = FloatVector.fromArray(F, b, b3 + k);
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

  /**
   * Adds rows of two vectors under the weights of eight sums.
   *
   * @param p weights of a sum, the next sum's {@code pStride} on
   * @param rows address of the rows, side by side
   * @param out two vectors of a sum, the next sum's {@code outStride} on
   */
  static void sum8x2(
      float[] p, int pAt, int pStride, long rows, int count, float[] out, int at, int outStride) {
    FloatVector a0 = FloatVector.fromArray(F, out, at);
    FloatVector b0 = FloatVector.fromArray(F, out, at + 16);
    FloatVector a1 = FloatVector.fromArray(F, out, at + outStride);
    FloatVector b1 = FloatVector.fromArray(F, out, at + outStride + 16);
    FloatVector a2 = FloatVector.fromArray(F, out, at + 2 * outStride);
    FloatVector b2 = FloatVector.fromArray(F, out, at + 2 * outStride + 16);
    FloatVector a3 = FloatVector.fromArray(F, out, at + 3 * outStride);
    FloatVector b3 = FloatVector.fromArray(F, out, at + 3 * outStride + 16);
    FloatVector a4 = FloatVector.fromArray(F, out, at + 4 * outStride);
    FloatVector b4 = FloatVector.fromArray(F, out, at + 4 * outStride + 16);
    FloatVector a5 = FloatVector.fromArray(F, out, at + 5 * outStride);
    FloatVector b5 = FloatVector.fromArray(F, out, at + 5 * outStride + 16);
    FloatVector a6 = FloatVector.fromArray(F, out, at + 6 * outStride);
    FloatVector b6 = FloatVector.fromArray(F, out, at + 6 * outStride + 16);
    FloatVector a7 = FloatVector.fromArray(F, out, at + 7 * outStride);
    FloatVector b7 = FloatVector.fromArray(F, out, at + 7 * outStride + 16);
    for (int j = 0; j < count; j++) {
      FloatVector ra =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, rows + 128L * j, LITTLE_ENDIAN);
      FloatVector rb =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, rows + 128L * j + 64, LITTLE_ENDIAN);
      int w = pAt + j;
      FloatVector w0 = FloatVector.broadcast(F, p[w]);
      a0 = w0.fma(ra, a0);
      b0 = w0.fma(rb, b0);
      FloatVector w1 = FloatVector.broadcast(F, p[w + pStride]);
      a1 = w1.fma(ra, a1);
      b1 = w1.fma(rb, b1);
      FloatVector w2 = FloatVector.broadcast(F, p[w + 2 * pStride]);
      a2 = w2.fma(ra, a2);
      b2 = w2.fma(rb, b2);
      FloatVector w3 = FloatVector.broadcast(F, p[w + 3 * pStride]);
      a3 = w3.fma(ra, a3);
      b3 = w3.fma(rb, b3);
      FloatVector w4 = FloatVector.broadcast(F, p[w + 4 * pStride]);
      a4 = w4.fma(ra, a4);
      b4 = w4.fma(rb, b4);
      FloatVector w5 = FloatVector.broadcast(F, p[w + 5 * pStride]);
      a5 = w5.fma(ra, a5);
      b5 = w5.fma(rb, b5);
      FloatVector w6 = FloatVector.broadcast(F, p[w + 6 * pStride]);
      a6 = w6.fma(ra, a6);
      b6 = w6.fma(rb, b6);
      FloatVector w7 = FloatVector.broadcast(F, p[w + 7 * pStride]);
      a7 = w7.fma(ra, a7);
      b7 = w7.fma(rb, b7);
    }
    a0.intoArray(out, at);
    b0.intoArray(out, at + 16);
    a1.intoArray(out, at + outStride);
    b1.intoArray(out, at + outStride + 16);
    a2.intoArray(out, at + 2 * outStride);
    b2.intoArray(out, at + 2 * outStride + 16);
    a3.intoArray(out, at + 3 * outStride);
    b3.intoArray(out, at + 3 * outStride + 16);
    a4.intoArray(out, at + 4 * outStride);
    b4.intoArray(out, at + 4 * outStride + 16);
    a5.intoArray(out, at + 5 * outStride);
    b5.intoArray(out, at + 5 * outStride + 16);
    a6.intoArray(out, at + 6 * outStride);
    b6.intoArray(out, at + 6 * outStride + 16);
    a7.intoArray(out, at + 7 * outStride);
    b7.intoArray(out, at + 7 * outStride + 16);
  }

  /** Copies two vectors of each row to address {@code to}, side by side. */
  static void strip(float[] rows, int at, int stride, int count, long to) {
    for (int j = 0; j < count; j++) {
      FloatVector a = FloatVector.fromArray(F, rows, at + j * stride);
      FloatVector b = FloatVector.fromArray(F, rows, at + j * stride + 16);
      a.intoMemorySegment(OffHeap.MEMORY, to + 128L * j, LITTLE_ENDIAN);
      b.intoMemorySegment(OffHeap.MEMORY, to + 128L * j + 64, LITTLE_ENDIAN);
    }
  }
}
