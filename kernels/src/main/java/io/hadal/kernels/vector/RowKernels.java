package io.hadal.kernels.vector;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import org.jspecify.annotations.Nullable;

/** The single-input kernel of each storage type that has one. */
final class RowKernels {
  private static final @Nullable RowKernel[] BY_TYPE =
      new @Nullable RowKernel[StorageType.values().length];

  static {
    if (Width.BITS >= 256) {
      set(StorageType.F32, new F32Rows());
      set(StorageType.BF16, new Bf16Rows());
      set(StorageType.Q8_0, new Q80Rows());
      set(StorageType.MXFP4, new Mxfp4Rows());
      set(StorageType.F8_E4M3, new F8E4M3Rows());
      set(StorageType.Q4_K, new Q4KRows());
      set(StorageType.Q6_K, new Q6KRows());
      set(StorageType.Q2_K, new Q2KRows());
      set(StorageType.IQ2_XXS, new Iq2XxsRows());
      set(StorageType.FP4_E2M1, new Fp4E2M1Rows());
    }
  }

  private RowKernels() {}

  private static void set(StorageType type, RowKernel kernel) {
    BY_TYPE[type.ordinal()] = kernel;
  }

  static @Nullable RowKernel of(Matrix w) {
    BlockScales scales = w.scales();
    if (scales != null && scales.tileCols() % 16 != 0) {
      return null;
    }
    return BY_TYPE[w.type().ordinal()];
  }
}
