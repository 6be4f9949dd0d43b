package io.hadal.kernels;

import java.util.Locale;

/** Arithmetic of a {@link Gemm}. */
public enum GemmPrecision {
  /** Everything f32. */
  F32,
  /** Operands rounded to bf16, products and sums in f32; needs AMX tiles. */
  BF16;

  /** Name in configurations. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
