package io.hadal.model.weights;

import io.hadal.kernels.Matrix;

/**
 * One multi-token-prediction layer (spec 5.3).
 *
 * @param projection {@code [hidden, 2 * hidden]} or two squares: see {@link Projection}
 */
public record MtpWeights(
    float[] embedNorm,
    float[] hiddenNorm,
    Projection projection,
    LayerWeights layer,
    HeadWeights head) {

  /** How embedding and streams are joined. */
  public sealed interface Projection {
    /** {@code embed * e + hidden * h}, each rounded by itself. */
    record Split(Matrix embed, Matrix hidden) implements Projection {}

    /** One matrix over the concatenation {@code [e; h]}, as GGUF files store it. */
    record Joined(Matrix both) implements Projection {}
  }
}
