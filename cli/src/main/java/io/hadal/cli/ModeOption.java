package io.hadal.cli;

import io.hadal.model.config.NumericMode;
import picocli.CommandLine.Option;

/** {@code --mode}: which roundings are made. */
final class ModeOption {
  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description =
          "Numerics: ${COMPLETION-CANDIDATES}. EXACT keeps f32 everywhere, FAST multiplies quantised"
              + " weights with 8-bit activations and packs the caches of models that declare"
              + " quantisation, KVQ rounds the caches as the released models do, OFFICIAL also"
              + " rounds activations and packs the caches. Default: FAST where text is generated"
              + " and for bench, else EXACT.")
  private NumericMode mode;

  private ModeOption(NumericMode standard) {
    mode = standard;
  }

  /** For commands that generate. */
  static ModeOption fast() {
    return new ModeOption(NumericMode.FAST);
  }

  /** For commands that compare. */
  static ModeOption exact() {
    return new ModeOption(NumericMode.EXACT);
  }

  NumericMode mode() {
    return mode;
  }
}
