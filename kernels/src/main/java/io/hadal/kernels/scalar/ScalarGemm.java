package io.hadal.kernels.scalar;

import io.hadal.kernels.Gemm;

/** The reference. */
public final class ScalarGemm implements Gemm {

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
    for (int i = 0; i < m; i++) {
      int ai = aOffset + i * aRow;
      for (int j = 0; j < n; j++) {
        int bj = bOffset + j * bCol;
        int at = cOffset + i * cRow + j;
        float total = add ? c[at] : 0;
        for (int from = 0; from < k; from += DEPTH) {
          float sum = 0;
          for (int p = from; p < Math.min(k, from + DEPTH); p++) {
            sum = Math.fma(a[ai + p * aCol], b[bj + p * bRow], sum);
          }
          total += sum;
        }
        c[at] = total;
      }
    }
  }
}
