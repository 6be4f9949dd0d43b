package io.hadal.kernels;

import org.jspecify.annotations.Nullable;

/** Vector kernels, and plain ones in their place where a {@link KernelGate} is held. */
final class StartingKernels implements Kernels {
  /** Up to so many inputs a product has a kernel of its own. */
  private static final int FEW = 3;

  private final Kernels vector;
  private final Kernels plain;

  StartingKernels(Kernels vector, Kernels plain) {
    this.vector = vector;
    this.plain = plain;
  }

  private Kernels by(KernelGate.Operation operation) {
    return KernelGate.of(operation).open() ? vector : plain;
  }

  @Override
  public String name() {
    return vector.name();
  }

  @Override
  public @Nullable ProductWays ways() {
    return vector.ways();
  }

  @Override
  public void dequantize(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    by(KernelGate.Operation.DEQUANTIZE).dequantize(w, row, from, count, out, outOffset);
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
    boolean open = KernelGate.stored(w.type(), tokens > FEW).open();
    (open ? vector : plain)
        .matmul(w, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    return by(KernelGate.Operation.DOT).dot(a, aOffset, b, bOffset, n);
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
    by(KernelGate.Operation.DOTS)
        .dots(
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
    by(KernelGate.Operation.WEIGHTED_SUMS)
        .weightedSums(
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
    by(KernelGate.Operation.ADD_SCALED).addScaled(a, x, xOffset, y, yOffset, n);
  }

  @Override
  public float max(float[] x, int offset, int n) {
    return by(KernelGate.Operation.MAX).max(x, offset, n);
  }

  @Override
  public float expAndSum(float[] x, int offset, int n, float shift) {
    return by(KernelGate.Operation.EXP_AND_SUM).expAndSum(x, offset, n, shift);
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
    by(KernelGate.Operation.RMS_NORM).rmsNorm(x, xOffset, n, weight, eps, out, outOffset);
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
    by(KernelGate.Operation.SWIGLU)
        .swiglu(gate, gateOffset, up, upOffset, n, limit, scale, out, outOffset);
  }

  @Override
  public void roundBf16(float[] x, int offset, int n) {
    by(KernelGate.Operation.ROUND_BF16).roundBf16(x, offset, n);
  }

  @Override
  public void hadamard(float[] x, int offset, int n, float scale) {
    by(KernelGate.Operation.HADAMARD).hadamard(x, offset, n, scale);
  }
}
