package io.hadal.kernels.vector;

import io.hadal.kernels.scalar.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Index scores of keys that lie across the vectors, one logical lane of the canonical order at a
 * time: no sum ever crosses a vector.
 */
final class ScoreTiles {
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  private ScoreTiles() {}

  /**
   * One logical lane of eight queries and two vectors of keys; for widths with 32 registers.
   *
   * @param q query values, {@code [8, qStride]} from {@code qAt}, 16 apart
   * @param keys {@code [steps, stride]} from {@code key}
   * @param lanes {@code [8, two vectors]} from {@code at}
   */
  static void lane8x2(
      float[] q,
      int qAt,
      int qStride,
      float[] keys,
      int key,
      int stride,
      int steps,
      float[] lanes,
      int at) {
    FloatVector c00 = FloatVector.zero(F);
    FloatVector c01 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector c20 = FloatVector.zero(F);
    FloatVector c21 = FloatVector.zero(F);
    FloatVector c30 = FloatVector.zero(F);
    FloatVector c31 = FloatVector.zero(F);
    FloatVector c40 = FloatVector.zero(F);
    FloatVector c41 = FloatVector.zero(F);
    FloatVector c50 = FloatVector.zero(F);
    FloatVector c51 = FloatVector.zero(F);
    FloatVector c60 = FloatVector.zero(F);
    FloatVector c61 = FloatVector.zero(F);
    FloatVector c70 = FloatVector.zero(F);
    FloatVector c71 = FloatVector.zero(F);
    int end = key + steps * stride;
    // A variable step keeps the compiler from unrolling, which short loops suffer from.
    for (int k = key, i = qAt; k < end; k += stride, i += Lanes.COUNT) {
      FloatVector k0 = FloatVector.fromArray(F, keys, k);
      FloatVector k1 = FloatVector.fromArray(F, keys, k + L);
      FloatVector x = FloatVector.broadcast(F, q[i]);
      c00 = x.fma(k0, c00);
      c01 = x.fma(k1, c01);
      x = FloatVector.broadcast(F, q[i + qStride]);
      c10 = x.fma(k0, c10);
      c11 = x.fma(k1, c11);
      x = FloatVector.broadcast(F, q[i + 2 * qStride]);
      c20 = x.fma(k0, c20);
      c21 = x.fma(k1, c21);
      x = FloatVector.broadcast(F, q[i + 3 * qStride]);
      c30 = x.fma(k0, c30);
      c31 = x.fma(k1, c31);
      x = FloatVector.broadcast(F, q[i + 4 * qStride]);
      c40 = x.fma(k0, c40);
      c41 = x.fma(k1, c41);
      x = FloatVector.broadcast(F, q[i + 5 * qStride]);
      c50 = x.fma(k0, c50);
      c51 = x.fma(k1, c51);
      x = FloatVector.broadcast(F, q[i + 6 * qStride]);
      c60 = x.fma(k0, c60);
      c61 = x.fma(k1, c61);
      x = FloatVector.broadcast(F, q[i + 7 * qStride]);
      c70 = x.fma(k0, c70);
      c71 = x.fma(k1, c71);
    }
    c00.intoArray(lanes, at);
    c01.intoArray(lanes, at + L);
    c10.intoArray(lanes, at + 2 * L);
    c11.intoArray(lanes, at + 3 * L);
    c20.intoArray(lanes, at + 4 * L);
    c21.intoArray(lanes, at + 5 * L);
    c30.intoArray(lanes, at + 6 * L);
    c31.intoArray(lanes, at + 7 * L);
    c40.intoArray(lanes, at + 8 * L);
    c41.intoArray(lanes, at + 9 * L);
    c50.intoArray(lanes, at + 10 * L);
    c51.intoArray(lanes, at + 11 * L);
    c60.intoArray(lanes, at + 12 * L);
    c61.intoArray(lanes, at + 13 * L);
    c70.intoArray(lanes, at + 14 * L);
    c71.intoArray(lanes, at + 15 * L);
  }

  /**
   * As {@link #lane8x2} for four queries, which need not lie in order.
   *
   * @param lanes {@code [4, two vectors]} from {@code at}
   */
  static void lane4x2(
      float[] q,
      int q0,
      int q1,
      int q2,
      int q3,
      float[] keys,
      int key,
      int stride,
      int steps,
      float[] lanes,
      int at) {
    FloatVector c00 = FloatVector.zero(F);
    FloatVector c01 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector c20 = FloatVector.zero(F);
    FloatVector c21 = FloatVector.zero(F);
    FloatVector c30 = FloatVector.zero(F);
    FloatVector c31 = FloatVector.zero(F);
    int end = key + steps * stride;
    for (int k = key, i = 0; k < end; k += stride, i += Lanes.COUNT) {
      FloatVector k0 = FloatVector.fromArray(F, keys, k);
      FloatVector k1 = FloatVector.fromArray(F, keys, k + L);
      FloatVector x = FloatVector.broadcast(F, q[q0 + i]);
      c00 = x.fma(k0, c00);
      c01 = x.fma(k1, c01);
      x = FloatVector.broadcast(F, q[q1 + i]);
      c10 = x.fma(k0, c10);
      c11 = x.fma(k1, c11);
      x = FloatVector.broadcast(F, q[q2 + i]);
      c20 = x.fma(k0, c20);
      c21 = x.fma(k1, c21);
      x = FloatVector.broadcast(F, q[q3 + i]);
      c30 = x.fma(k0, c30);
      c31 = x.fma(k1, c31);
    }
    c00.intoArray(lanes, at);
    c01.intoArray(lanes, at + L);
    c10.intoArray(lanes, at + 2 * L);
    c11.intoArray(lanes, at + 3 * L);
    c20.intoArray(lanes, at + 4 * L);
    c21.intoArray(lanes, at + 5 * L);
    c30.intoArray(lanes, at + 6 * L);
    c31.intoArray(lanes, at + 7 * L);
  }

  /**
   * Folds the lanes of some queries' dots with two vectors of keys and adds what is positive, under
   * the queries' weights, to the scores.
   *
   * @param stride between lanes
   */
  static void weigh(
      float[] lanes, int stride, int heads, float[] w, int wAt, float[] scores, int at) {
    for (int j = 0; j < 2 * L; j += L) {
      FloatVector sum = FloatVector.fromArray(F, scores, at + j);
      for (int h = 0; h < heads; h++) {
        int a = h * 2 * L + j;
        FloatVector l0 = FloatVector.fromArray(F, lanes, a);
        l0 = l0.add(FloatVector.fromArray(F, lanes, a + 8 * stride));
        FloatVector l4 = FloatVector.fromArray(F, lanes, a + 4 * stride);
        l4 = l4.add(FloatVector.fromArray(F, lanes, a + 12 * stride));
        FloatVector l2 = FloatVector.fromArray(F, lanes, a + 2 * stride);
        l2 = l2.add(FloatVector.fromArray(F, lanes, a + 10 * stride));
        FloatVector l6 = FloatVector.fromArray(F, lanes, a + 6 * stride);
        l6 = l6.add(FloatVector.fromArray(F, lanes, a + 14 * stride));
        FloatVector l1 = FloatVector.fromArray(F, lanes, a + stride);
        l1 = l1.add(FloatVector.fromArray(F, lanes, a + 9 * stride));
        FloatVector l5 = FloatVector.fromArray(F, lanes, a + 5 * stride);
        l5 = l5.add(FloatVector.fromArray(F, lanes, a + 13 * stride));
        FloatVector l3 = FloatVector.fromArray(F, lanes, a + 3 * stride);
        l3 = l3.add(FloatVector.fromArray(F, lanes, a + 11 * stride));
        FloatVector l7 = FloatVector.fromArray(F, lanes, a + 7 * stride);
        l7 = l7.add(FloatVector.fromArray(F, lanes, a + 15 * stride));
        FloatVector dot = l0.add(l4).add(l2.add(l6)).add(l1.add(l5).add(l3.add(l7)));
        dot = dot.blend(0, dot.compare(VectorOperators.LE, 0));
        sum = dot.fma(FloatVector.broadcast(F, w[wAt + h]), sum);
      }
      sum.intoArray(scores, at + j);
    }
  }

  /** As {@link #weigh}, with dots and their products rounded to bf16. */
  static void weighRounded(
      float[] lanes, int stride, int heads, float[] w, int wAt, float[] scores, int at) {
    for (int j = 0; j < 2 * L; j += L) {
      FloatVector sum = FloatVector.fromArray(F, scores, at + j);
      for (int h = 0; h < heads; h++) {
        int a = h * 2 * L + j;
        FloatVector l0 = FloatVector.fromArray(F, lanes, a);
        l0 = l0.add(FloatVector.fromArray(F, lanes, a + 8 * stride));
        FloatVector l4 = FloatVector.fromArray(F, lanes, a + 4 * stride);
        l4 = l4.add(FloatVector.fromArray(F, lanes, a + 12 * stride));
        FloatVector l2 = FloatVector.fromArray(F, lanes, a + 2 * stride);
        l2 = l2.add(FloatVector.fromArray(F, lanes, a + 10 * stride));
        FloatVector l6 = FloatVector.fromArray(F, lanes, a + 6 * stride);
        l6 = l6.add(FloatVector.fromArray(F, lanes, a + 14 * stride));
        FloatVector l1 = FloatVector.fromArray(F, lanes, a + stride);
        l1 = l1.add(FloatVector.fromArray(F, lanes, a + 9 * stride));
        FloatVector l5 = FloatVector.fromArray(F, lanes, a + 5 * stride);
        l5 = l5.add(FloatVector.fromArray(F, lanes, a + 13 * stride));
        FloatVector l3 = FloatVector.fromArray(F, lanes, a + 3 * stride);
        l3 = l3.add(FloatVector.fromArray(F, lanes, a + 11 * stride));
        FloatVector l7 = FloatVector.fromArray(F, lanes, a + 7 * stride);
        l7 = l7.add(FloatVector.fromArray(F, lanes, a + 15 * stride));
        FloatVector dot = l0.add(l4).add(l2.add(l6)).add(l1.add(l5).add(l3.add(l7)));
        IntVector u = dot.reinterpretAsInts();
        IntVector r = u.add(0x7fff).add(u.lanewise(VectorOperators.LSHR, 16).and(1));
        r = r.blend(u.or(0x00400000), dot.test(VectorOperators.IS_NAN).cast(I)).and(0xffff0000);
        FloatVector v = r.reinterpretAsFloats();
        v = v.blend(0, v.compare(VectorOperators.LE, 0)).mul(w[wAt + h]);
        u = v.reinterpretAsInts();
        r = u.add(0x7fff).add(u.lanewise(VectorOperators.LSHR, 16).and(1));
        r = r.blend(u.or(0x00400000), v.test(VectorOperators.IS_NAN).cast(I)).and(0xffff0000);
        sum = sum.add(r.reinterpretAsFloats());
      }
      sum.intoArray(scores, at + j);
    }
  }
}
