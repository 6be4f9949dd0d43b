package io.hadal.kernels.vector;

import io.hadal.kernels.TrainingKernels;
import io.hadal.kernels.scalar.ScalarTrainingKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Training kernels on the Vector API, the rest of a row as the scalar reference does it. */
public final class VectorTrainingKernels implements TrainingKernels {
  private static final VectorSpecies<Float> F = Width.F;
  private static final int L = Width.LENGTH;

  private final ScalarTrainingKernels scalar = new ScalarTrainingKernels();

  private static FloatVector at(float[] x, int i) {
    return FloatVector.fromArray(F, x, i);
  }

  @Override
  public void scale(float factor, float[] x, int offset, int n) {
    int whole = n - n % L;
    for (int i = offset; i < offset + whole; i += L) {
      at(x, i).mul(factor).intoArray(x, i);
    }
    scalar.scale(factor, x, offset + whole, n - whole);
  }

  @Override
  public void multiply(
      float[] a, int aOffset, float[] b, int bOffset, float[] out, int outOffset, int n) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(a, aOffset + i).mul(at(b, bOffset + i)).intoArray(out, outOffset + i);
    }
    scalar.multiply(a, aOffset + i, b, bOffset + i, out, outOffset + i, n - i);
  }

  @Override
  public void addProduct(
      float factor, float[] a, int aOffset, float[] b, int bOffset, float[] y, int yOffset, int n) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(a, aOffset + i)
          .mul(factor)
          .fma(at(b, bOffset + i), at(y, yOffset + i))
          .intoArray(y, yOffset + i);
    }
    scalar.addProduct(factor, a, aOffset + i, b, bOffset + i, y, yOffset + i, n - i);
  }

  @Override
  public void softmaxBackward(
      float[] p,
      int pOffset,
      float[] dp,
      int dpOffset,
      float mean,
      float scale,
      float[] out,
      int outOffset,
      int n) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(p, pOffset + i)
          .mul(scale)
          .mul(at(dp, dpOffset + i).sub(mean))
          .intoArray(out, outOffset + i);
    }
    scalar.softmaxBackward(
        p, pOffset + i, dp, dpOffset + i, mean, scale, out, outOffset + i, n - i);
  }

  @Override
  public void swigluBackward(
      float[] gate,
      int gateOffset,
      float[] up,
      int upOffset,
      float[] dh,
      int dhOffset,
      int n,
      float limit,
      float scale,
      float[] dGate,
      int dGateOffset,
      float[] dUp,
      int dUpOffset) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector g = at(gate, gateOffset + i);
      FloatVector u = at(up, upOffset + i);
      FloatVector d = at(dh, dhOffset + i).mul(scale);
      VectorMask<Float> highG = g.compare(VectorOperators.GT, limit);
      VectorMask<Float> highU = u.compare(VectorOperators.GT, limit);
      VectorMask<Float> lowU = u.compare(VectorOperators.LT, -limit);
      g = g.blend(limit, highG);
      u = u.blend(limit, highU).blend(-limit, lowU);
      FloatVector sigmoid = FloatVector.broadcast(F, 1).div(ElementOps.exp(g.neg()).add(1));
      FloatVector silu = g.mul(sigmoid);
      FloatVector slope = silu.fma(FloatVector.broadcast(F, 1).sub(sigmoid), sigmoid);
      d.mul(u).mul(slope).blend(0, highG).intoArray(dGate, dGateOffset + i);
      d.mul(silu).blend(0, highU.or(lowU)).intoArray(dUp, dUpOffset + i);
    }
    scalar.swigluBackward(
        gate,
        gateOffset + i,
        up,
        upOffset + i,
        dh,
        dhOffset + i,
        n - i,
        limit,
        scale,
        dGate,
        dGateOffset + i,
        dUp,
        dUpOffset + i);
  }

  @Override
  public void adam(
      float[] w,
      float[] gradient,
      float[] m,
      float[] v,
      int offset,
      int n,
      float gradientScale,
      float beta1,
      float beta2,
      float step,
      float root,
      float eps,
      float decay) {
    FloatVector fresh1 = FloatVector.broadcast(F, 1 - beta1);
    FloatVector fresh2 = FloatVector.broadcast(F, 1 - beta2);
    FloatVector less = FloatVector.broadcast(F, -decay);
    FloatVector roots = FloatVector.broadcast(F, root);
    FloatVector floor = FloatVector.broadcast(F, eps);
    int whole = n - n % L;
    for (int i = offset; i < offset + whole; i += L) {
      FloatVector g = at(gradient, i).mul(gradientScale);
      FloatVector m0 = at(m, i);
      FloatVector v0 = at(v, i);
      FloatVector m1 = fresh1.fma(g.sub(m0), m0);
      FloatVector v1 = fresh2.fma(g.fma(g, v0.neg()), v0);
      m1.intoArray(m, i);
      v1.intoArray(v, i);
      FloatVector w0 = at(w, i);
      less.fma(w0, w0).sub(m1.mul(step).div(v1.sqrt().fma(roots, floor))).intoArray(w, i);
    }
    scalar.adam(
        w,
        gradient,
        m,
        v,
        offset + whole,
        n - whole,
        gradientScale,
        beta1,
        beta2,
        step,
        root,
        eps,
        decay);
  }

  @Override
  public void sinkhorn(
      float[] comb,
      int offset,
      int stride,
      int count,
      int streams,
      int iterations,
      float eps,
      float[] sums,
      float[] soft) {
    int t = 0;
    for (; t <= count - L; t += L) {
      forward(comb, offset + t, stride, t, count, streams, iterations, eps, sums, soft);
    }
    for (; t < count; t++) {
      ScalarTrainingKernels.sinkhornToken(
          comb, offset + t, stride, t, count, streams, iterations, eps, sums, soft);
    }
  }

  /** As many tokens as a vector has lanes. */
  private static void forward(
      float[] comb,
      int at,
      int stride,
      int t,
      int count,
      int s,
      int iterations,
      float eps,
      float[] sums,
      float[] soft) {
    for (int j = 0; j < s; j++) {
      int row = at + j * s * stride;
      FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
      for (int k = 0; k < s; k++) {
        max = max.max(at(comb, row + k * stride));
      }
      FloatVector sum = FloatVector.zero(F);
      for (int k = 0; k < s; k++) {
        FloatVector e = ElementOps.exp(at(comb, row + k * stride).sub(max));
        e.intoArray(comb, row + k * stride);
        sum = sum.add(e);
      }
      FloatVector r = FloatVector.broadcast(F, 1).div(sum);
      for (int k = 0; k < s; k++) {
        FloatVector p = at(comb, row + k * stride).mul(r);
        p.intoArray(soft, (j * s + k) * count + t);
        p.add(eps).intoArray(comb, row + k * stride);
      }
    }
    for (int half = 0; half < 2 * iterations - 1; half++) {
      int line = half % 2 == 0 ? stride : s * stride;
      int along = half % 2 == 0 ? s * stride : stride;
      for (int j = 0; j < s; j++) {
        int first = at + j * line;
        FloatVector sum = FloatVector.broadcast(F, eps);
        for (int k = 0; k < s; k++) {
          sum = sum.add(at(comb, first + k * along));
        }
        sum.intoArray(sums, (half * s + j) * count + t);
        FloatVector r = FloatVector.broadcast(F, 1).div(sum);
        for (int k = 0; k < s; k++) {
          at(comb, first + k * along).mul(r).intoArray(comb, first + k * along);
        }
      }
    }
  }

  @Override
  public void sinkhornBackward(
      float[] comb,
      float[] gradient,
      int offset,
      int stride,
      int count,
      int streams,
      int iterations,
      float[] sums,
      float[] soft) {
    int t = 0;
    for (; t <= count - L; t += L) {
      backward(comb, gradient, offset + t, stride, t, count, streams, iterations, sums, soft);
    }
    for (; t < count; t++) {
      ScalarTrainingKernels.backwardToken(
          comb, gradient, offset + t, stride, t, count, streams, iterations, sums, soft);
    }
  }

  private static void backward(
      float[] comb,
      float[] gradient,
      int at,
      int stride,
      int t,
      int count,
      int s,
      int iterations,
      float[] sums,
      float[] soft) {
    for (int half = 2 * iterations - 2; half >= 0; half--) {
      int line = half % 2 == 0 ? stride : s * stride;
      int along = half % 2 == 0 ? s * stride : stride;
      for (int j = 0; j < s; j++) {
        int first = at + j * line;
        FloatVector mean = FloatVector.zero(F);
        for (int k = 0; k < s; k++) {
          mean = at(gradient, first + k * along).fma(at(comb, first + k * along), mean);
        }
        FloatVector sum = at(sums, (half * s + j) * count + t);
        FloatVector r = FloatVector.broadcast(F, 1).div(sum);
        for (int k = 0; k < s; k++) {
          int i = first + k * along;
          at(gradient, i).sub(mean).mul(r).intoArray(gradient, i);
          at(comb, i).mul(sum).intoArray(comb, i);
        }
      }
    }
    for (int j = 0; j < s; j++) {
      FloatVector mean = FloatVector.zero(F);
      for (int k = 0; k < s; k++) {
        mean = at(gradient, at + (j * s + k) * stride).fma(at(soft, (j * s + k) * count + t), mean);
      }
      for (int k = 0; k < s; k++) {
        int i = at + (j * s + k) * stride;
        at(gradient, i).sub(mean).mul(at(soft, (j * s + k) * count + t)).intoArray(gradient, i);
      }
    }
  }
}
