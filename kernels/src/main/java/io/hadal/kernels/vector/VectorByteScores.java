package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.ByteQueries;
import io.hadal.kernels.ByteScores;
import io.hadal.kernels.ByteTile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scores of bytes on the Vector API: integers as f32, whose multiply-adds have twice the throughput
 * of any integer product that the compiler knows.
 */
public final class VectorByteScores implements ByteScores {
  private static final VectorSpecies<Float> F = Width.F;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final int KEYS = ByteTile.KEYS;

  /** Heads of a tile: sixteen accumulators where there are 32 registers, else eight. */
  private static final int GROUP = Width.BITS == 512 ? 8 : 4;

  private static final ThreadLocal<Buffers> OWN = ThreadLocal.withInitial(Buffers::new);

  private static final class Buffers {
    private final float[] dots = new float[2 * L * GROUP];
    private final float[] sums = new float[KEYS];
    private float[] panel = new float[0];
  }

  @Override
  public void scores(
      ByteQueries q,
      int fromToken,
      int tokens,
      MemorySegment tile,
      int keys,
      float[] scores,
      int at,
      int stride) {
    int heads = q.heads();
    int padded = q.padded();
    Buffers own = OWN.get();
    if (own.panel.length < padded * KEYS) {
      own.panel = new float[padded * KEYS];
    }
    unpack(tile, padded, own.panel);
    for (int t = 0; t < tokens; t++) {
      int head = (fromToken + t) * heads;
      Arrays.fill(own.sums, 0);
      for (int c = 0; c < KEYS; c += 2 * L) {
        int group;
        for (int h = 0; h < heads; h += group) {
          int left = heads - h;
          group = left >= GROUP ? GROUP : Math.min(4, left);
          int from = (head + h) * padded;
          if (group == 8) {
            dots8(q.values(), from, padded, own.panel, c, own.dots);
          } else {
            dots4(q.values(), from, group, padded, own.panel, c, own.dots);
          }
          weigh(own.dots, group, q.weights(), head + h, own.sums, c);
        }
      }
      scale(own.sums, tile, (long) padded * KEYS);
      System.arraycopy(own.sums, 0, scores, at + t * stride, keys);
    }
  }

  /** Codes as f32, {@code [padded, 64]}. */
  private static void unpack(MemorySegment tile, int padded, float[] panel) {
    for (int w = 0; w < padded / 4; w++) {
      for (int c = 0; c < KEYS; c += L) {
        IntVector v = IntVector.fromMemorySegment(I, tile, 4L * (w * KEYS + c), LITTLE_ENDIAN);
        for (int i = 0; i < 4; i++) {
          ((FloatVector)
                  v.lanewise(VectorOperators.LSHL, 24 - 8 * i)
                      .lanewise(VectorOperators.ASHR, 24)
                      .convert(VectorOperators.I2F, 0))
              .intoArray(panel, (4 * w + i) * KEYS + c);
        }
      }
    }
  }

  private static void dots8(float[] q, int qAt, int stride, float[] panel, int col, float[] dots) {
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
    for (int k = 0; k < stride; k++) {
      FloatVector k0 = FloatVector.fromArray(F, panel, k * KEYS + col);
      FloatVector k1 = FloatVector.fromArray(F, panel, k * KEYS + col + L);
      int i = qAt + k;
      FloatVector x = FloatVector.broadcast(F, q[i]);
      c00 = x.fma(k0, c00);
      c01 = x.fma(k1, c01);
      x = FloatVector.broadcast(F, q[i + stride]);
      c10 = x.fma(k0, c10);
      c11 = x.fma(k1, c11);
      x = FloatVector.broadcast(F, q[i + 2 * stride]);
      c20 = x.fma(k0, c20);
      c21 = x.fma(k1, c21);
      x = FloatVector.broadcast(F, q[i + 3 * stride]);
      c30 = x.fma(k0, c30);
      c31 = x.fma(k1, c31);
      x = FloatVector.broadcast(F, q[i + 4 * stride]);
      c40 = x.fma(k0, c40);
      c41 = x.fma(k1, c41);
      x = FloatVector.broadcast(F, q[i + 5 * stride]);
      c50 = x.fma(k0, c50);
      c51 = x.fma(k1, c51);
      x = FloatVector.broadcast(F, q[i + 6 * stride]);
      c60 = x.fma(k0, c60);
      c61 = x.fma(k1, c61);
      x = FloatVector.broadcast(F, q[i + 7 * stride]);
      c70 = x.fma(k0, c70);
      c71 = x.fma(k1, c71);
    }
    c00.intoArray(dots, 0);
    c01.intoArray(dots, L);
    c10.intoArray(dots, 2 * L);
    c11.intoArray(dots, 3 * L);
    c20.intoArray(dots, 4 * L);
    c21.intoArray(dots, 5 * L);
    c30.intoArray(dots, 6 * L);
    c31.intoArray(dots, 7 * L);
    c40.intoArray(dots, 8 * L);
    c41.intoArray(dots, 9 * L);
    c50.intoArray(dots, 10 * L);
    c51.intoArray(dots, 11 * L);
    c60.intoArray(dots, 12 * L);
    c61.intoArray(dots, 13 * L);
    c70.intoArray(dots, 14 * L);
    c71.intoArray(dots, 15 * L);
  }

  private static void dots4(
      float[] q, int qAt, int heads, int stride, float[] panel, int col, float[] dots) {
    // Heads past the end repeat the last one; their results are dropped.
    int q1 = Math.min(1, heads - 1) * stride;
    int q2 = Math.min(2, heads - 1) * stride;
    int q3 = Math.min(3, heads - 1) * stride;
    FloatVector c00 = FloatVector.zero(F);
    FloatVector c01 = FloatVector.zero(F);
    FloatVector c10 = FloatVector.zero(F);
    FloatVector c11 = FloatVector.zero(F);
    FloatVector c20 = FloatVector.zero(F);
    FloatVector c21 = FloatVector.zero(F);
    FloatVector c30 = FloatVector.zero(F);
    FloatVector c31 = FloatVector.zero(F);
    for (int k = 0; k < stride; k++) {
      FloatVector k0 = FloatVector.fromArray(F, panel, k * KEYS + col);
      FloatVector k1 = FloatVector.fromArray(F, panel, k * KEYS + col + L);
      int i = qAt + k;
      FloatVector x = FloatVector.broadcast(F, q[i]);
      c00 = x.fma(k0, c00);
      c01 = x.fma(k1, c01);
      x = FloatVector.broadcast(F, q[i + q1]);
      c10 = x.fma(k0, c10);
      c11 = x.fma(k1, c11);
      x = FloatVector.broadcast(F, q[i + q2]);
      c20 = x.fma(k0, c20);
      c21 = x.fma(k1, c21);
      x = FloatVector.broadcast(F, q[i + q3]);
      c30 = x.fma(k0, c30);
      c31 = x.fma(k1, c31);
    }
    c00.intoArray(dots, 0);
    c01.intoArray(dots, L);
    c10.intoArray(dots, 2 * L);
    c11.intoArray(dots, 3 * L);
    c20.intoArray(dots, 4 * L);
    c21.intoArray(dots, 5 * L);
    c30.intoArray(dots, 6 * L);
    c31.intoArray(dots, 7 * L);
  }

  /** Adds the dots that are positive, under the heads' weights, in ascending order. */
  private static void weigh(float[] dots, int heads, float[] w, int wAt, float[] sums, int at) {
    FloatVector s0 = FloatVector.fromArray(F, sums, at);
    FloatVector s1 = FloatVector.fromArray(F, sums, at + L);
    for (int h = 0; h < heads; h++) {
      FloatVector x = FloatVector.broadcast(F, w[wAt + h]);
      FloatVector d = FloatVector.fromArray(F, dots, 2 * h * L);
      s0 = d.blend(0, d.compare(VectorOperators.LE, 0)).fma(x, s0);
      d = FloatVector.fromArray(F, dots, (2 * h + 1) * L);
      s1 = d.blend(0, d.compare(VectorOperators.LE, 0)).fma(x, s1);
    }
    s0.intoArray(sums, at);
    s1.intoArray(sums, at + L);
  }

  private static void scale(float[] sums, MemorySegment tile, long at) {
    for (int c = 0; c < KEYS; c += L) {
      FloatVector.fromMemorySegment(F, tile, at + 4L * c, LITTLE_ENDIAN)
          .mul(FloatVector.fromArray(F, sums, c))
          .intoArray(sums, c);
    }
  }
}
