package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2F;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** Q6_K rows times one token. */
final class Q6kRows extends UnitRows {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;
  private static final int BLOCK = 416;

  /** Products of the second half of a block behind those of the first. */
  private static final int HALF = 16 * VectorBlockKernels.SIDE_BY_SIDE;

  private static final ThreadLocal<int[]> PRODUCTS =
      ThreadLocal.withInitial(() -> new int[2 * HALF]);

  Q6kRows() {
    super(PackedLayout.Q6_K);
  }

  @Override
  public BlockInput.Form form() {
    return BlockInput.Form.PLANES;
  }

  @Override
  void unit(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int blocks,
      int[] pairs,
      int xBlock,
      float[] dx,
      int[] q,
      float[] d,
      float[] dmin,
      float[] sums) {
    int[] out = PRODUCTS.get();
    for (int b = 0; b < blocks; b++) {
      long block = at + (long) b * BLOCK;
      int xb = xBlock + b;
      int q0 = q[2 * xb];
      int q1 = q[2 * xb + 1];
      even(w, block, groupBytes, vectors, pairs, 16 * xb, out);
      odd(w, block, groupBytes, vectors, pairs, 16 * xb, out);
      add(w, block, groupBytes, vectors, out, dx[xb], 32 * q0, 32 * q1, d, sums);
    }
  }

  /**
   * Sums of the first eight columns of both halves of a block. Vectors take a line of the cache in
   * turn: the processor fetches ahead in each stream, and the sums do not wait for each other.
   */
  private static void even(
      MemorySegment w, long at, long groupBytes, int vectors, int[] pairs, int xb, int[] out) {
    int u = 0;
    for (; u + 4 <= vectors; u += 4) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      long p1 = at + ((u + 1) / PARTS) * groupBytes + ((u + 1) % PARTS) * (4 * L);
      long p2 = at + ((u + 2) / PARTS) * groupBytes + ((u + 2) % PARTS) * (4 * L);
      long p3 = at + ((u + 3) / PARTS) * groupBytes + ((u + 3) % PARTS) * (4 * L);
      for (int k = 0; k < 2; k++) {
        ShortVector x0 = IntVector.broadcast(I, pairs[xb + 8 * k + 0]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[xb + 8 * k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[xb + 8 * k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[xb + 8 * k + 3]).reinterpretAsShorts();
        int to = HALF * k + L * u;
        IntVector v0 = IntVector.fromMemorySegment(I, w, p0 + 128 * k, LITTLE_ENDIAN);
        IntVector h0 = IntVector.fromMemorySegment(I, w, p0 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s0 =
            v0.and(0x000f000f)
                .or(h0.lanewise(LSHL, 4).and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v0.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHL, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v0.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 4).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v0.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h0.lanewise(LSHR, 6).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)).intoArray(out, to);
        IntVector v1 = IntVector.fromMemorySegment(I, w, p1 + 128 * k, LITTLE_ENDIAN);
        IntVector h1 = IntVector.fromMemorySegment(I, w, p1 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s1 =
            v1.and(0x000f000f)
                .or(h1.lanewise(LSHL, 4).and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v1.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHL, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v1.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHR, 4).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v1.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h1.lanewise(LSHR, 6).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        s1.lanewise(LSHL, 16)
            .lanewise(ASHR, 16)
            .add(s1.lanewise(ASHR, 16))
            .intoArray(out, to + 1 * L);
        IntVector v2 = IntVector.fromMemorySegment(I, w, p2 + 128 * k, LITTLE_ENDIAN);
        IntVector h2 = IntVector.fromMemorySegment(I, w, p2 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s2 =
            v2.and(0x000f000f)
                .or(h2.lanewise(LSHL, 4).and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v2.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h2.lanewise(LSHL, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v2.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h2.lanewise(LSHR, 4).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v2.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h2.lanewise(LSHR, 6).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        s2.lanewise(LSHL, 16)
            .lanewise(ASHR, 16)
            .add(s2.lanewise(ASHR, 16))
            .intoArray(out, to + 2 * L);
        IntVector v3 = IntVector.fromMemorySegment(I, w, p3 + 128 * k, LITTLE_ENDIAN);
        IntVector h3 = IntVector.fromMemorySegment(I, w, p3 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s3 =
            v3.and(0x000f000f)
                .or(h3.lanewise(LSHL, 4).and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v3.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h3.lanewise(LSHL, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v3.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h3.lanewise(LSHR, 4).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v3.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h3.lanewise(LSHR, 6).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        s3.lanewise(LSHL, 16)
            .lanewise(ASHR, 16)
            .add(s3.lanewise(ASHR, 16))
            .intoArray(out, to + 3 * L);
      }
    }
    if (u < vectors) {
      evenRest(w, at, groupBytes, u, vectors, pairs, xb, out);
    }
  }

  /** {@link #even} one vector after the other. */
  private static void evenRest(
      MemorySegment w,
      long at,
      long groupBytes,
      int from,
      int vectors,
      int[] pairs,
      int xb,
      int[] out) {
    for (int u = from; u < vectors; u++) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      for (int k = 0; k < 2; k++) {
        ShortVector x0 = IntVector.broadcast(I, pairs[xb + 8 * k + 0]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[xb + 8 * k + 1]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[xb + 8 * k + 2]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[xb + 8 * k + 3]).reinterpretAsShorts();
        int to = HALF * k + L * u;
        IntVector v0 = IntVector.fromMemorySegment(I, w, p0 + 128 * k, LITTLE_ENDIAN);
        IntVector h0 = IntVector.fromMemorySegment(I, w, p0 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s0 =
            v0.and(0x000f000f)
                .or(h0.lanewise(LSHL, 4).and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v0.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHL, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v0.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 4).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v0.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h0.lanewise(LSHR, 6).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)).intoArray(out, to);
      }
    }
  }

  /** Adds the sums of the last eight columns of both halves to those of {@link #even}. */
  private static void odd(
      MemorySegment w, long at, long groupBytes, int vectors, int[] pairs, int xb, int[] out) {
    int u = 0;
    for (; u + 4 <= vectors; u += 4) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      long p1 = at + ((u + 1) / PARTS) * groupBytes + ((u + 1) % PARTS) * (4 * L);
      long p2 = at + ((u + 2) / PARTS) * groupBytes + ((u + 2) % PARTS) * (4 * L);
      long p3 = at + ((u + 3) / PARTS) * groupBytes + ((u + 3) % PARTS) * (4 * L);
      for (int k = 0; k < 2; k++) {
        ShortVector x0 = IntVector.broadcast(I, pairs[xb + 8 * k + 4]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[xb + 8 * k + 5]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[xb + 8 * k + 6]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[xb + 8 * k + 7]).reinterpretAsShorts();
        int to = HALF * k + L * u;
        IntVector v0 = IntVector.fromMemorySegment(I, w, p0 + 128 * k + 64, LITTLE_ENDIAN);
        IntVector h0 = IntVector.fromMemorySegment(I, w, p0 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s0 =
            v0.and(0x000f000f)
                .or(h0.and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v0.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v0.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 8).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v0.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h0.lanewise(LSHR, 10).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        IntVector.fromArray(I, out, to)
            .add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)))
            .intoArray(out, to);
        IntVector v1 = IntVector.fromMemorySegment(I, w, p1 + 128 * k + 64, LITTLE_ENDIAN);
        IntVector h1 = IntVector.fromMemorySegment(I, w, p1 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s1 =
            v1.and(0x000f000f)
                .or(h1.and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v1.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHR, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v1.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h1.lanewise(LSHR, 8).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v1.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h1.lanewise(LSHR, 10).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        IntVector.fromArray(I, out, to + 1 * L)
            .add(s1.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s1.lanewise(ASHR, 16)))
            .intoArray(out, to + 1 * L);
        IntVector v2 = IntVector.fromMemorySegment(I, w, p2 + 128 * k + 64, LITTLE_ENDIAN);
        IntVector h2 = IntVector.fromMemorySegment(I, w, p2 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s2 =
            v2.and(0x000f000f)
                .or(h2.and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v2.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h2.lanewise(LSHR, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v2.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h2.lanewise(LSHR, 8).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v2.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h2.lanewise(LSHR, 10).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        IntVector.fromArray(I, out, to + 2 * L)
            .add(s2.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s2.lanewise(ASHR, 16)))
            .intoArray(out, to + 2 * L);
        IntVector v3 = IntVector.fromMemorySegment(I, w, p3 + 128 * k + 64, LITTLE_ENDIAN);
        IntVector h3 = IntVector.fromMemorySegment(I, w, p3 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s3 =
            v3.and(0x000f000f)
                .or(h3.and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v3.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h3.lanewise(LSHR, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v3.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h3.lanewise(LSHR, 8).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v3.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h3.lanewise(LSHR, 10).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        IntVector.fromArray(I, out, to + 3 * L)
            .add(s3.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s3.lanewise(ASHR, 16)))
            .intoArray(out, to + 3 * L);
      }
    }
    if (u < vectors) {
      oddRest(w, at, groupBytes, u, vectors, pairs, xb, out);
    }
  }

  /** {@link #odd} one vector after the other. */
  private static void oddRest(
      MemorySegment w,
      long at,
      long groupBytes,
      int from,
      int vectors,
      int[] pairs,
      int xb,
      int[] out) {
    for (int u = from; u < vectors; u++) {
      long p0 = at + (u / PARTS) * groupBytes + (u % PARTS) * (4 * L);
      for (int k = 0; k < 2; k++) {
        ShortVector x0 = IntVector.broadcast(I, pairs[xb + 8 * k + 4]).reinterpretAsShorts();
        ShortVector x1 = IntVector.broadcast(I, pairs[xb + 8 * k + 5]).reinterpretAsShorts();
        ShortVector x2 = IntVector.broadcast(I, pairs[xb + 8 * k + 6]).reinterpretAsShorts();
        ShortVector x3 = IntVector.broadcast(I, pairs[xb + 8 * k + 7]).reinterpretAsShorts();
        int to = HALF * k + L * u;
        IntVector v0 = IntVector.fromMemorySegment(I, w, p0 + 128 * k + 64, LITTLE_ENDIAN);
        IntVector h0 = IntVector.fromMemorySegment(I, w, p0 + 64 * k + 256, LITTLE_ENDIAN);
        IntVector s0 =
            v0.and(0x000f000f)
                .or(h0.and(0x00300030))
                .reinterpretAsShorts()
                .mul(x0)
                .add(
                    v0.lanewise(LSHR, 4)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 2).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x1))
                .add(
                    v0.lanewise(LSHR, 8)
                        .and(0x000f000f)
                        .or(h0.lanewise(LSHR, 8).and(0x00300030))
                        .reinterpretAsShorts()
                        .mul(x2)
                        .add(
                            v0.lanewise(LSHR, 12)
                                .and(0x000f000f)
                                .or(h0.lanewise(LSHR, 10).and(0x00300030))
                                .reinterpretAsShorts()
                                .mul(x3)))
                .reinterpretAsInts();
        IntVector.fromArray(I, out, to)
            .add(s0.lanewise(LSHL, 16).lanewise(ASHR, 16).add(s0.lanewise(ASHR, 16)))
            .intoArray(out, to);
      }
    }
  }

  /** Adds a block's sums under its scales. */
  private static void add(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int[] products,
      float x,
      int less0,
      int less1,
      float[] d,
      float[] sums) {
    for (int u = 0; u < vectors; u++) {
      long p = at + (u / PARTS) * groupBytes + (u % PARTS) * L;
      FloatVector f0 =
          (FloatVector) IntVector.fromArray(I, products, L * u).sub(less0).convert(I2F, 0);
      FloatVector f1 =
          (FloatVector) IntVector.fromArray(I, products, HALF + L * u).sub(less1).convert(I2F, 0);
      FloatVector c0 =
          (FloatVector)
              ByteVector.fromMemorySegment(B, w, p + 384, LITTLE_ENDIAN).convertShape(B2F, F, 0);
      FloatVector c1 =
          (FloatVector)
              ByteVector.fromMemorySegment(B, w, p + 400, LITTLE_ENDIAN).convertShape(B2F, F, 0);
      f0.fma(c0, f1.mul(c1))
          .fma(FloatVector.fromArray(F, d, L * u).mul(x), FloatVector.fromArray(F, sums, L * u))
          .intoArray(sums, L * u);
    }
  }
}
