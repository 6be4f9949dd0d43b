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
    if (!GemmArguments.ready(
        m, n, k, a, aOffset, aRow, aCol, b, bOffset, bRow, bCol, c, cOffset, cRow, add)) {
      return;
    }
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
