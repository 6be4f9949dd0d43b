package io.hadal.model.config;

import io.hadal.kernels.Rope;
import org.jspecify.annotations.Nullable;

/**
 * Rotary frequencies of one layer.
 *
 * @param theta base
 * @param yarn context extension, null for none
 */
public record RopeConfig(double theta, @Nullable Yarn yarn) {

  /** YaRN parameters; there is no amplitude factor in this line (V4 spec 3.1). */
  public record Yarn(double factor, int originalContext, double betaFast, double betaSlow) {}

  /** Angular frequencies of {@code dim / 2} pairs. */
  public float[] frequencies(int dim) {
    return yarn == null
        ? Rope.frequencies(dim, theta)
        : Rope.yarnFrequencies(
            dim, theta, yarn.factor, yarn.originalContext, yarn.betaFast, yarn.betaSlow);
  }
}
