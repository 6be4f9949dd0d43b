package io.hadal.kernels;

import io.hadal.kernels.foreign.CpuFeatures;
import io.hadal.kernels.foreign.NativeLibrary;
import org.jspecify.annotations.Nullable;

/**
 * What the optional native library can do here, for reports.
 *
 * @param usable whether it was loaded and this CPU has AVX-512 with VNNI and VBMI
 * @param tiles whether it uses AMX tiles
 * @param bf16 whether it multiplies bf16 in AMX tiles, for training
 * @param version hash of its sources; empty when it was not loaded
 * @param problem why it is not usable, with the remedy; null when it is
 */
public record NativeStatus(
    boolean usable, boolean tiles, boolean bf16, String version, @Nullable String problem) {

  /** Loads the library unless that was done. */
  public static NativeStatus get() {
    String problem = NativeLibrary.problem();
    boolean tiles = (NativeLibrary.features() & CpuFeatures.AMX_INT8) != 0;
    boolean bf16 = (NativeLibrary.features() & CpuFeatures.AMX_BF16) != 0;
    return new NativeStatus(problem == null, tiles, bf16, NativeLibrary.version(), problem);
  }
}
