package io.hadal.kernels.vector;

import io.hadal.kernels.Bf16;
import io.hadal.kernels.scalar.Exponential;
import io.hadal.kernels.scalar.Lanes;
import io.hadal.kernels.scalar.ScalarKernels;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Operations on one row, a vector at a time and the rest as the scalar reference does them. */
final class ElementOps {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  private ElementOps() {}

  static void addScaled(float a, float[] x, int xOffset, float[] y, int yOffset, int n) {
    FloatVector factor = FloatVector.broadcast(F, a);
    int i = 0;
    for (; i <= n - L; i += L) {
      factor
          .fma(FloatVector.fromArray(F, x, xOffset + i), FloatVector.fromArray(F, y, yOffset + i))
          .intoArray(y, yOffset + i);
    }
    for (; i < n; i++) {
      y[yOffset + i] = Math.fma(a, x[xOffset + i], y[yOffset + i]);
    }
  }

  /** Columns {@code from .. to}, whole vectors, of four streams. */
  static void expand4(
      float[] comb,
      int combOffset,
      float[] post,
      int postOffset,
      float[] x,
      int xOffset,
      int width,
      float[] y,
      int yOffset,
      int from,
      int to,
      float[] out) {
    FloatVector zero = FloatVector.zero(F);
    for (int c = from; c < to; c += L) {
      int at = xOffset + c;
      FloatVector x0 = FloatVector.fromArray(F, x, at);
      FloatVector x1 = FloatVector.fromArray(F, x, at + width);
      FloatVector x2 = FloatVector.fromArray(F, x, at + 2 * width);
      FloatVector x3 = FloatVector.fromArray(F, x, at + 3 * width);
      FloatVector sublayer = FloatVector.fromArray(F, y, yOffset + c);
      for (int k = 0; k < 4; k++) {
        int w = combOffset + k;
        FloatVector sum = FloatVector.broadcast(F, comb[w]).fma(x0, zero);
        sum = FloatVector.broadcast(F, comb[w + 4]).fma(x1, sum);
        sum = FloatVector.broadcast(F, comb[w + 8]).fma(x2, sum);
        sum = FloatVector.broadcast(F, comb[w + 12]).fma(x3, sum);
        sum = FloatVector.broadcast(F, post[postOffset + k]).fma(sublayer, sum);
        sum.intoArray(out, at + k * width);
      }
    }
  }

  static float max(float[] x, int offset, int n) {
    float max = Float.NEGATIVE_INFINITY;
    int i = 0;
    if (n >= L) {
      FloatVector largest = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
      for (; i <= n - L; i += L) {
        largest = largest.max(FloatVector.fromArray(F, x, offset + i));
      }
      max = largest.reduceLanes(VectorOperators.MAX);
    }
    for (; i < n; i++) {
      max = Math.max(max, x[offset + i]);
    }
    return max;
  }

  static float expAndSum(float[] x, int offset, int n, float shift) {
    float[] lanes = Scratch.get().lanes(Lanes.COUNT);
    Arrays.fill(lanes, 0, Lanes.COUNT, 0);
    int whole = n & -Lanes.COUNT;
    for (int i = 0; i < whole; i += L) {
      FloatVector e = exp(FloatVector.fromArray(F, x, offset + i).sub(shift));
      e.intoArray(x, offset + i);
      int lane = i & 15;
      FloatVector.fromArray(F, lanes, lane).add(e).intoArray(lanes, lane);
    }
    for (int i = whole; i < n; i++) {
      float e = Exponential.exp(x[offset + i] - shift);
      x[offset + i] = e;
      lanes[i & 15] += e;
    }
    return Lanes.fold(lanes, 0);
  }

  /** {@link Exponential#exp}, operation by operation. */
  static FloatVector exp(FloatVector x) {
    FloatVector t = x.fma(Exponential.LOG2_E, Exponential.ROUND);
    FloatVector k = t.sub(Exponential.ROUND);
    FloatVector r = k.fma(FloatVector.broadcast(F, -Exponential.LN2_HIGH), x);
    r = k.fma(FloatVector.broadcast(F, -Exponential.LN2_LOW), r);
    FloatVector q = r.fma(Exponential.C6, Exponential.C5);
    q = q.fma(r, FloatVector.broadcast(F, Exponential.C4));
    q = q.fma(r, FloatVector.broadcast(F, Exponential.C3));
    q = q.fma(r, FloatVector.broadcast(F, Exponential.C2));
    FloatVector p = q.fma(r.mul(r), r).add(1);
    IntVector exponent = t.reinterpretAsInts().sub(Exponential.ROUND_BITS);
    IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
    IntVector rest = exponent.sub(half);
    FloatVector e =
        p.mul(half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats())
            .mul(rest.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
    e = e.blend(0, x.compare(VectorOperators.LT, Exponential.LOWEST));
    return e.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, Exponential.HIGHEST));
  }

  static void scale(
      float[] x,
      int xOffset,
      int n,
      float @Nullable [] weight,
      float r,
      float[] out,
      int outOffset) {
    int i = 0;
    if (weight == null) {
      for (; i <= n - L; i += L) {
        FloatVector.fromArray(F, x, xOffset + i).mul(r).intoArray(out, outOffset + i);
      }
    } else {
      for (; i <= n - L; i += L) {
        FloatVector v = FloatVector.fromArray(F, x, xOffset + i).mul(r);
        FloatVector.fromArray(F, weight, i).mul(v).intoArray(out, outOffset + i);
      }
    }
    for (; i < n; i++) {
      float v = x[xOffset + i] * r;
      out[outOffset + i] = weight == null ? v : weight[i] * v;
    }
  }

  static void swiglu(
      float[] gate,
      int gateOffset,
      float[] up,
      int upOffset,
      int n,
      float limit,
      float scale,
      float[] out,
      int outOffset) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector g = FloatVector.fromArray(F, gate, gateOffset + i);
      FloatVector u = FloatVector.fromArray(F, up, upOffset + i);
      g = g.blend(limit, g.compare(VectorOperators.GT, limit));
      u = u.blend(limit, u.compare(VectorOperators.GT, limit));
      u = u.blend(-limit, u.compare(VectorOperators.LT, -limit));
      FloatVector silu = g.div(exp(g.neg()).add(1));
      silu.mul(u).mul(scale).intoArray(out, outOffset + i);
    }
    for (; i < n; i++) {
      out[outOffset + i] =
          ScalarKernels.swiglu(gate[gateOffset + i], up[upOffset + i], limit, scale);
    }
  }

  static void roundBf16(float[] x, int offset, int n) {
    int i = offset;
    for (; i <= offset + n - L; i += L) {
      IntVector u = FloatVector.fromArray(F, x, i).reinterpretAsInts();
      IntVector odd = u.lanewise(VectorOperators.LSHR, 16).and(1);
      IntVector rounded = u.add(0x7fff).add(odd);
      VectorMask<Integer> nan = u.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
      rounded.blend(u.or(0x00400000), nan).and(0xffff0000).reinterpretAsFloats().intoArray(x, i);
    }
    for (; i < offset + n; i++) {
      x[i] = Bf16.round(x[i]);
    }
  }

  static void hadamard(float[] x, int offset, int n, float scale) {
    int end = offset + n;
    for (int h = 1; h < n; h *= 2) {
      for (int i = offset; i < end; i += 2 * h) {
        int j = i;
        for (; j <= i + h - L; j += L) {
          FloatVector a = FloatVector.fromArray(F, x, j);
          FloatVector b = FloatVector.fromArray(F, x, j + h);
          a.add(b).intoArray(x, j);
          a.sub(b).intoArray(x, j + h);
        }
        for (; j < i + h; j++) {
          float a = x[j];
          float b = x[j + h];
          x[j] = a + b;
          x[j + h] = a - b;
        }
      }
    }
    for (int i = offset; i < end; i++) {
      x[i] *= scale;
    }
  }
}
