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
  private static final VectorSpecies<Float> F4 = FloatVector.SPECIES_128;

  private AlignedTiles() {}

  /**
   * Lanes of the dots of four rows with four others: those of a row i and an other row j at {@code
   * lanes + 64 * (4 * j + i)}.
   *
   * @param a address of the rows, as {@link #copy} puts them
   * @param b address of the other rows
   * @param n elements of a row, a multiple of 16
   */
  static void first4x4(long a, long b, int n, long lanes) {
    FloatVector c00 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector c20 = FloatVector.zero(F);
    FloatVector c30 = FloatVector.zero(F);
    FloatVector c01 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector c21 = FloatVector.zero(F);
    FloatVector c31 = FloatVector.zero(F);
    FloatVector c02 = FloatVector.zero(F);
    FloatVector c12 = FloatVector.zero(F);
    FloatVector c22 = FloatVector.zero(F);
    FloatVector c32 = FloatVector.zero(F);
    FloatVector c03 = FloatVector.zero(F);
    FloatVector c13 = FloatVector.zero(F);
    FloatVector c23 = FloatVector.zero(F);
    FloatVector c33 = FloatVector.zero(F);
    for (int at = 0; at < 16 * n; at += 256) {
      FloatVector v0 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a + at, LITTLE_ENDIAN);
      FloatVector v1 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a + at + 64, LITTLE_ENDIAN);
      FloatVector v2 =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a + at + 128, LITTLE_ENDIAN);
      FloatVector v3 =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a + at + 192, LITTLE_ENDIAN);
      FloatVector x0 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, b + at, LITTLE_ENDIAN);
      c00 = v0.fma(x0, c00);
      c10 = v1.fma(x0, c10);
      c20 = v2.fma(x0, c20);
      c30 = v3.fma(x0, c30);
      FloatVector x1 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, b + at + 64, LITTLE_ENDIAN);
      c01 = v0.fma(x1, c01);
      c11 = v1.fma(x1, c11);
      c21 = v2.fma(x1, c21);
      c31 = v3.fma(x1, c31);
      FloatVector x2 =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, b + at + 128, LITTLE_ENDIAN);
      c02 = v0.fma(x2, c02);
      c12 = v1.fma(x2, c12);
      c22 = v2.fma(x2, c22);
      c32 = v3.fma(x2, c32);
      FloatVector x3 =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, b + at + 192, LITTLE_ENDIAN);
      c03 = v0.fma(x3, c03);
      c13 = v1.fma(x3, c13);
      c23 = v2.fma(x3, c23);
      c33 = v3.fma(x3, c33);
    }
    c00.intoMemorySegment(OffHeap.MEMORY, lanes, LITTLE_ENDIAN);
    c10.intoMemorySegment(OffHeap.MEMORY, lanes + 64, LITTLE_ENDIAN);
    c20.intoMemorySegment(OffHeap.MEMORY, lanes + 128, LITTLE_ENDIAN);
    c30.intoMemorySegment(OffHeap.MEMORY, lanes + 192, LITTLE_ENDIAN);
    c01.intoMemorySegment(OffHeap.MEMORY, lanes + 256, LITTLE_ENDIAN);
    c11.intoMemorySegment(OffHeap.MEMORY, lanes + 320, LITTLE_ENDIAN);
    c21.intoMemorySegment(OffHeap.MEMORY, lanes + 384, LITTLE_ENDIAN);
    c31.intoMemorySegment(OffHeap.MEMORY, lanes + 448, LITTLE_ENDIAN);
    c02.intoMemorySegment(OffHeap.MEMORY, lanes + 512, LITTLE_ENDIAN);
    c12.intoMemorySegment(OffHeap.MEMORY, lanes + 576, LITTLE_ENDIAN);
    c22.intoMemorySegment(OffHeap.MEMORY, lanes + 640, LITTLE_ENDIAN);
    c32.intoMemorySegment(OffHeap.MEMORY, lanes + 704, LITTLE_ENDIAN);
    c03.intoMemorySegment(OffHeap.MEMORY, lanes + 768, LITTLE_ENDIAN);
    c13.intoMemorySegment(OffHeap.MEMORY, lanes + 832, LITTLE_ENDIAN);
    c23.intoMemorySegment(OffHeap.MEMORY, lanes + 896, LITTLE_ENDIAN);
    c33.intoMemorySegment(OffHeap.MEMORY, lanes + 960, LITTLE_ENDIAN);
  }

  /** Goes on from the lanes of {@link #first4x4} with the columns that follow. */
  static void next4x4(long a, long b, int n, long lanes) {
    FloatVector c00 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes, LITTLE_ENDIAN);
    FloatVector c10 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 64, LITTLE_ENDIAN);
    FloatVector c20 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 128, LITTLE_ENDIAN);
    FloatVector c30 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 192, LITTLE_ENDIAN);
    FloatVector c01 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 256, LITTLE_ENDIAN);
    FloatVector c11 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 320, LITTLE_ENDIAN);
    FloatVector c21 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 384, LITTLE_ENDIAN);
    FloatVector c31 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 448, LITTLE_ENDIAN);
    FloatVector c02 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 512, LITTLE_ENDIAN);
    FloatVector c12 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 576, LITTLE_ENDIAN);
    FloatVector c22 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 640, LITTLE_ENDIAN);
    FloatVector c32 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 704, LITTLE_ENDIAN);
    FloatVector c03 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 768, LITTLE_ENDIAN);
    FloatVector c13 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 832, LITTLE_ENDIAN);
    FloatVector c23 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 896, LITTLE_ENDIAN);
    FloatVector c33 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, lanes + 960, LITTLE_ENDIAN);
    for (int at = 0; at < 16 * n; at += 256) {
      FloatVector v0 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a + at, LITTLE_ENDIAN);
      FloatVector v1 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a + at + 64, LITTLE_ENDIAN);
      FloatVector v2 =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a + at + 128, LITTLE_ENDIAN);
      FloatVector v3 =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, a + at + 192, LITTLE_ENDIAN);
      FloatVector x0 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, b + at, LITTLE_ENDIAN);
      c00 = v0.fma(x0, c00);
      c10 = v1.fma(x0, c10);
      c20 = v2.fma(x0, c20);
      c30 = v3.fma(x0, c30);
      FloatVector x1 = FloatVector.fromMemorySegment(F, OffHeap.MEMORY, b + at + 64, LITTLE_ENDIAN);
      c01 = v0.fma(x1, c01);
      c11 = v1.fma(x1, c11);
      c21 = v2.fma(x1, c21);
      c31 = v3.fma(x1, c31);
      FloatVector x2 =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, b + at + 128, LITTLE_ENDIAN);
      c02 = v0.fma(x2, c02);
      c12 = v1.fma(x2, c12);
      c22 = v2.fma(x2, c22);
      c32 = v3.fma(x2, c32);
      FloatVector x3 =
          FloatVector.fromMemorySegment(F, OffHeap.MEMORY, b + at + 192, LITTLE_ENDIAN);
      c03 = v0.fma(x3, c03);
      c13 = v1.fma(x3, c13);
      c23 = v2.fma(x3, c23);
      c33 = v3.fma(x3, c33);
    }
    c00.intoMemorySegment(OffHeap.MEMORY, lanes, LITTLE_ENDIAN);
    c10.intoMemorySegment(OffHeap.MEMORY, lanes + 64, LITTLE_ENDIAN);
    c20.intoMemorySegment(OffHeap.MEMORY, lanes + 128, LITTLE_ENDIAN);
    c30.intoMemorySegment(OffHeap.MEMORY, lanes + 192, LITTLE_ENDIAN);
    c01.intoMemorySegment(OffHeap.MEMORY, lanes + 256, LITTLE_ENDIAN);
    c11.intoMemorySegment(OffHeap.MEMORY, lanes + 320, LITTLE_ENDIAN);
    c21.intoMemorySegment(OffHeap.MEMORY, lanes + 384, LITTLE_ENDIAN);
    c31.intoMemorySegment(OffHeap.MEMORY, lanes + 448, LITTLE_ENDIAN);
    c02.intoMemorySegment(OffHeap.MEMORY, lanes + 512, LITTLE_ENDIAN);
    c12.intoMemorySegment(OffHeap.MEMORY, lanes + 576, LITTLE_ENDIAN);
    c22.intoMemorySegment(OffHeap.MEMORY, lanes + 640, LITTLE_ENDIAN);
    c32.intoMemorySegment(OffHeap.MEMORY, lanes + 704, LITTLE_ENDIAN);
    c03.intoMemorySegment(OffHeap.MEMORY, lanes + 768, LITTLE_ENDIAN);
    c13.intoMemorySegment(OffHeap.MEMORY, lanes + 832, LITTLE_ENDIAN);
    c23.intoMemorySegment(OffHeap.MEMORY, lanes + 896, LITTLE_ENDIAN);
    c33.intoMemorySegment(OffHeap.MEMORY, lanes + 960, LITTLE_ENDIAN);
  }

  /**
   * Copies {@code n} elements of each row to address {@code to}: sixteen of each of four rows in
   * turn, so that all that a tile loads lies at constant distances. Computing addresses takes turns
   * from multiply-adds, and four rows read side by side come faster than one after the other. Rows
   * past the end repeat the last one.
   */
  static void copy(float[] from, int at, int stride, int rows, int n, long to) {
    for (int i = 0; i < rows; i += 4) {
      int a0 = at + i * stride;
      int a1 = at + Math.min(i + 1, rows - 1) * stride;
      int a2 = at + Math.min(i + 2, rows - 1) * stride;
      int a3 = at + Math.min(i + 3, rows - 1) * stride;
      copy4(from, a0, a1, a2, a3, n, to + 4L * n * i);
    }
  }

  private static void copy4(float[] from, int a0, int a1, int a2, int a3, int n, long to) {
    for (int k = 0; k < n; k += 16) {
      FloatVector v0 = FloatVector.fromArray(F, from, a0 + k);
      FloatVector v1 = FloatVector.fromArray(F, from, a1 + k);
      FloatVector v2 = FloatVector.fromArray(F, from, a2 + k);
      FloatVector v3 = FloatVector.fromArray(F, from, a3 + k);
      v0.intoMemorySegment(OffHeap.MEMORY, to + 16L * k, LITTLE_ENDIAN);
      v1.intoMemorySegment(OffHeap.MEMORY, to + 16L * k + 64, LITTLE_ENDIAN);
      v2.intoMemorySegment(OffHeap.MEMORY, to + 16L * k + 128, LITTLE_ENDIAN);
      v3.intoMemorySegment(OffHeap.MEMORY, to + 16L * k + 192, LITTLE_ENDIAN);
    }
  }

  /** Four rows of four neighbouring results from address {@code sums}. */
  static void store4x4(long sums, float[] out, int at, int stride) {
    FloatVector r0 = FloatVector.fromMemorySegment(F4, OffHeap.MEMORY, sums, LITTLE_ENDIAN);
    FloatVector r1 = FloatVector.fromMemorySegment(F4, OffHeap.MEMORY, sums + 16, LITTLE_ENDIAN);
    FloatVector r2 = FloatVector.fromMemorySegment(F4, OffHeap.MEMORY, sums + 32, LITTLE_ENDIAN);
    FloatVector r3 = FloatVector.fromMemorySegment(F4, OffHeap.MEMORY, sums + 48, LITTLE_ENDIAN);
    r0.intoArray(out, at);
    r1.intoArray(out, at + stride);
    r2.intoArray(out, at + 2 * stride);
    r3.intoArray(out, at + 3 * stride);
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
