package io.hadal.model.config;

/** Which roundings of the released engine the forward pass reproduces. */
public enum NumericMode {
  /** f32 everywhere, weights dequantised, caches unrounded. */
  EXACT,
  /**
   * As exact, but activations that meet quantised weights are 8-bit integers with a scale for 32
   * values, and caches are packed where the model declares quantisation. The mode for generation.
   */
  FAST,
  /**
   * As exact, with the FP8 rounding of key-value rows and the FP4 rounding of index queries and
   * keys.
   */
  KVQ,
  /** As kvq, with bf16 activations and FP8 inputs of FP8 and FP4 matrices (spec 0.3, 0.4, 0.6). */
  OFFICIAL;

  /** True when cached rows are rounded. */
  public boolean roundsCaches() {
    return this == KVQ || this == OFFICIAL;
  }

  /** True when activations are rounded to bf16. */
  public boolean roundsActivations() {
    return this == OFFICIAL;
  }
}
