package io.hadal.kernels.foreign;

import io.hadal.kernels.Gemm;
import io.hadal.kernels.scalar.GemmArguments;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** {@link Gemm} of bf16 operands by AMX tiles. */
public final class NativeGemm implements Gemm {
  /**
   * Columns of a call, which keeps the garbage collector waiting for a few milliseconds at most.
   */
  private static final int COLS = 512;

  private static final ThreadLocal<MemorySegment> SCRATCH =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(NativeCalls.gemmScratch(), 64));

  @Override
  public void multiply(
      int m,
      int n,
      int k,
      float[] a,
      int aOffset,
      int aRow,
      int aCol,
      float[] b,
      int bOffset,
      int bRow,
      int bCol,
      float[] c,
      int cOffset,
      int cRow,
      boolean add) {
    if (m <= 0 || n <= 0) {
      return;
    }
    GemmArguments.check(m, n, cOffset, cRow, 1, c.length);
    if (k <= 0) {
      if (!add) {
        GemmArguments.clear(m, n, c, cOffset, cRow);
      }
      return;
    }
    GemmArguments.check(m, k, aOffset, aRow, aCol, a.length);
    GemmArguments.check(k, n, bOffset, bRow, bCol, b.length);
    MemorySegment scratch = SCRATCH.get();
    for (int j = 0; j < n; j += COLS) {
      NativeCalls.gemm(
          m,
          Math.min(COLS, n - j),
          k,
          a,
          aOffset,
          aRow,
          aCol,
          b,
          bOffset + (long) j * bCol,
          bRow,
          bCol,
          c,
          cOffset + j,
          cRow,
          add,
          scratch);
    }
  }
}
