package io.hadal.kernels.vector;

import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.ProductWays;
import io.hadal.kernels.scalar.MatmulArguments;
import io.hadal.kernels.scalar.RowDecoders;
import io.hadal.kernels.scalar.ScalarKernels;
import jdk.incubator.vector.FloatVector;
import org.jspecify.annotations.Nullable;

/** Kernels on the Vector API; bits as {@link ScalarKernels}. */
public final class VectorKernels implements Kernels {

  /** True when the hardware has vectors worth using, or a width was asked for. */
  public static boolean usable(int forcedBits) {
    return forcedBits != 0 || FloatVector.SPECIES_PREFERRED.vectorBitSize() >= 128;
  }

  @Override
  public String name() {
    return "vector-" + Width.BITS;
  }

  @Override
  public ProductWays ways() {
    return MatrixProduct.WAYS;
  }

  @Override
  public void dequantize(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    RowDecoders.decodeRange(VectorDecoders.of(w.type()), w, row, from, count, out, outOffset);
  }

  @Override
  public void matmul(
      Matrix w,
      int fromRow,
      int toRow,
      float[] x,
      int xOffset,
      int xStride,
      int tokens,
      float[] y,
      int yOffset,
      int yStride) {
    MatmulArguments.check(w, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
    MatrixProduct.multiply(w, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    return RowProducts.dot(a, aOffset, b, bOffset, n);
  }

  @Override
  public void dots(
      float[] a,
      int aOffset,
      int aStride,
      int aCount,
      float[] b,
      int bOffset,
      int bStride,
      int bCount,
      int n,
      float[] out,
      int outOffset,
      int outStride) {
    RowProducts.dots(
        a, aOffset, aStride, aCount, b, bOffset, bStride, bCount, n, out, outOffset, outStride);
  }

  @Override
  public void weightedSums(
      float[] p,
      int pOffset,
      int pStride,
      int pCount,
      float[] rows,
      int rowsOffset,
      int rowStride,
      int rowCount,
      int n,
      float[] out,
      int outOffset,
      int outStride) {
    RowProducts.weightedSums(
        p,
        pOffset,
        pStride,
        pCount,
        rows,
        rowsOffset,
        rowStride,
        rowCount,
        n,
        out,
        outOffset,
        outStride);
  }

  @Override
  public void addScaled(float a, float[] x, int xOffset, float[] y, int yOffset, int n) {
    ElementOps.addScaled(a, x, xOffset, y, yOffset, n);
  }

  @Override
  public float max(float[] x, int offset, int n) {
    return ElementOps.max(x, offset, n);
  }

  @Override
  public float expAndSum(float[] x, int offset, int n, float shift) {
    return ElementOps.expAndSum(x, offset, n, shift);
  }

  @Override
  public void rmsNorm(
      float[] x,
      int xOffset,
      int n,
      float @Nullable [] weight,
      float eps,
      float[] out,
      int outOffset) {
    float squares = RowProducts.dot(x, xOffset, x, xOffset, n);
    float r = ScalarKernels.inverseRms(squares, n, eps);
    ElementOps.scale(x, xOffset, n, weight, r, out, outOffset);
  }

  @Override
  public void swiglu(
      float[] gate,
      int gateOffset,
      float[] up,
      int upOffset,
      int n,
      float limit,
      float scale,
      float[] out,
      int outOffset) {
    ElementOps.swiglu(gate, gateOffset, up, upOffset, n, limit, scale, out, outOffset);
  }

  @Override
  public void roundBf16(float[] x, int offset, int n) {
    ElementOps.roundBf16(x, offset, n);
  }

  @Override
  public void hadamard(float[] x, int offset, int n, float scale) {
    if (Integer.bitCount(n) != 1) {
      throw new IllegalArgumentException("length " + n + " is no power of two");
    }
    ElementOps.hadamard(x, offset, n, scale);
  }
}
