package io.hadal.kernels.foreign;

/** Bits of {@code hadal_features}. */
public final class CpuFeatures {
  /** AVX-512 with VNNI and VBMI: what every native kernel needs. */
  public static final int VNNI = 1;

  /** AMX tiles of bytes. */
  public static final int AMX_INT8 = 2;

  /** AMX tiles of bf16, and AVX-512 that rounds to it. */
  public static final int AMX_BF16 = 4;

  private CpuFeatures() {}

  /** Name of the kernels that use these. */
  public static String name(int features) {
    return (features & AMX_INT8) != 0 ? "native-amx" : "native-vnni";
  }
}
