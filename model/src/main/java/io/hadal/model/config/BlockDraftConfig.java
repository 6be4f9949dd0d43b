package io.hadal.model.config;

import java.util.List;

/**
 * DSpark block drafter (V4.1 spec 5): stages of window layers that propose several tokens at once.
 *
 * @param stages layers, run one after the other
 * @param blockSize tokens of a proposal
 * @param noiseId token that stands for the unknown ones
 * @param targets trunk layers whose stream means feed the drafter, ascending
 * @param markovRank width of the token-to-token correction
 */
public record BlockDraftConfig(
    List<LayerConfig> stages, int blockSize, int noiseId, List<Integer> targets, int markovRank) {
  public BlockDraftConfig {
    stages = List.copyOf(stages);
    // Their means are joined in the order of the layers, however they are listed.
    targets = targets.stream().sorted().distinct().toList();
  }
}
