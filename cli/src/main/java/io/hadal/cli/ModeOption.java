package io.hadal.cli;

import io.hadal.model.NumericMode;
import picocli.CommandLine.Option;

/** {@code --mode}: which roundings of the released engine are reproduced. */
final class ModeOption {
  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description =
          "Numerics: ${COMPLETION-CANDIDATES}. EXACT keeps f32 everywhere, KVQ rounds the caches,"
              + " OFFICIAL also rounds activations and packs the caches. Default: EXACT.")
  private NumericMode mode = NumericMode.EXACT;

  NumericMode mode() {
    return mode;
  }
}
