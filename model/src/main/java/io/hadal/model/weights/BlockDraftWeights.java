package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import java.util.List;

/**
 * DSpark drafter (V4.1 spec 5).
 *
 * @param mainProj {@code [hidden, targets * hidden]}
 * @param mainNorm {@code [hidden]}
 * @param stages layers
 * @param head norm of the last stage and the trunk's head
 * @param markovEmbed {@code [vocab, rank]}, one row a previous token
 * @param markovHead {@code [vocab, rank]}, from that row to logits
 * @param confidence {@code [1, hidden + rank]}
 */
public record BlockDraftWeights(
    Matrix mainProj,
    float[] mainNorm,
    List<LayerWeights> stages,
    HeadWeights head,
    Matrix markovEmbed,
    Matrix markovHead,
    Matrix confidence) {
  public BlockDraftWeights {
    stages = List.copyOf(stages);
  }
}
