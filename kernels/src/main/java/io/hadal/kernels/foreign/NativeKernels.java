package io.hadal.kernels.foreign;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Kernels;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.MatmulArguments;
import io.hadal.kernels.scalar.TileScales;
import org.jspecify.annotations.Nullable;

/** Products of unquantised weights in C; everything else by the kernels in Java. */
public final class NativeKernels implements Kernels {
  private static final int F32 = 0;
  private static final int F16 = 1;
  private static final int BF16 = 2;
  private static final int F8 = 3;
  private static final int OTHER = -1;

  /** With more tokens Java, which decodes rows once for all of them, is faster. */
  private static final int FEW_TOKENS = 3;

  private static final float[] NO_SCALES = new float[0];
  private static final ThreadLocal<float[]> SCALES = ThreadLocal.withInitial(() -> NO_SCALES);

  private final Kernels java;
  private final String name;

  /**
   * @param java what does the rest
   * @param features of the CPU, for the name
   */
  public NativeKernels(Kernels java, int features) {
    this.java = java;
    this.name = CpuFeatures.name(features);
  }

  @Override
  public String name() {
    return name;
  }

  private static int type(Matrix w) {
    return switch (w.type()) {
      case F32 -> F32;
      case F16 -> F16;
      case BF16 -> BF16;
      case F8_E4M3 -> TileScales.of(w).tileCols() % 16 == 0 ? F8 : OTHER;
      default -> OTHER;
    };
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
    int type = type(w);
    if (type == OTHER || tokens > FEW_TOKENS) {
      java.matmul(w, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
      return;
    }
    MatmulArguments.check(w, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
    if (fromRow == toRow || tokens == 0) {
      return;
    }
    BlockScales tiles = type == F8 ? TileScales.of(w) : null;
    float[] scales = tiles == null ? NO_SCALES : scales(w, tiles, fromRow, toRow);
    if (scales == null) {
      java.matmul(w, fromRow, toRow, x, xOffset, xStride, tokens, y, yOffset, yStride);
      return;
    }
    int firstRow = fromRow + w.scaleRowOffset();
    NativeCalls.exact(
        type,
        w.data().asSlice(w.rowBytes() * fromRow),
        w.rowBytes(),
        toRow - fromRow,
        w.cols(),
        scales,
        tiles == null ? 0 : firstRow % tiles.tileRows(),
        tiles == null ? 1 : tiles.tileRows(),
        tiles == null ? 16 : tiles.tileCols(),
        tiles == null ? 1 : tiles.tilesPerRow(),
        x,
        xOffset,
        xStride,
        tokens,
        y,
        yOffset + fromRow,
        yStride);
  }

  /**
   * The scales of rows times 256, which is exact, {@code [tile rows, tiles of a row]}; null when
   * one is too large for that.
   */
  private static float @Nullable [] scales(Matrix w, BlockScales tiles, int fromRow, int toRow) {
    long first = TileScales.firstTile(w, tiles, fromRow);
    int count = (int) (TileScales.firstTile(w, tiles, toRow - 1) - first) + tiles.tilesPerRow();
    float[] scales = SCALES.get();
    if (scales.length < count) {
      scales = new float[count];
      SCALES.set(scales);
    }
    for (int i = 0; i < count; i++) {
      scales[i] = 256 * TileScales.scale(tiles, first + i);
      if (Float.isInfinite(scales[i])) {
        return null;
      }
    }
    return scales;
  }

  @Override
  public void dequantize(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    java.dequantize(w, row, from, count, out, outOffset);
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    return java.dot(a, aOffset, b, bOffset, n);
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
    java.dots(
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
    java.weightedSums(
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
    java.addScaled(a, x, xOffset, y, yOffset, n);
  }

  @Override
  public float max(float[] x, int offset, int n) {
    return java.max(x, offset, n);
  }

  @Override
  public float expAndSum(float[] x, int offset, int n, float shift) {
    return java.expAndSum(x, offset, n, shift);
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
    java.rmsNorm(x, xOffset, n, weight, eps, out, outOffset);
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
    java.swiglu(gate, gateOffset, up, upOffset, n, limit, scale, out, outOffset);
  }

  @Override
  public void roundBf16(float[] x, int offset, int n) {
    java.roundBf16(x, offset, n);
  }

  @Override
  public void hadamard(float[] x, int offset, int n, float scale) {
    java.hadamard(x, offset, n, scale);
  }
}
