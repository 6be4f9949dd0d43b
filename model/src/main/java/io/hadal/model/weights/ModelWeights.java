package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import java.util.List;

/**
 * All parameters of a checkpoint.
 *
 * @param embed {@code [vocab, hidden]}
 */
public record ModelWeights(
    Matrix embed, List<LayerWeights> layers, HeadWeights head, List<MtpWeights> drafters) {
  public ModelWeights {
    layers = List.copyOf(layers);
    drafters = List.copyOf(drafters);
  }
}
