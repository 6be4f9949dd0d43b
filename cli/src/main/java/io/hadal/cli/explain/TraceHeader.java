package io.hadal.cli.explain;

import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.List;

/**
 * What is explained.
 *
 * @param source name of the text
 * @param model name of the checkpoint
 * @param mode numeric mode
 * @param layers trunk layers that are shown, ascending
 * @param tokens tokens of the text
 * @param shown tokens that are explained, from the first
 */
public record TraceHeader(
    String source,
    String model,
    ModelConfig config,
    String mode,
    List<Integer> layers,
    int tokens,
    int shown) {
  public TraceHeader {
    layers = List.copyOf(layers);
  }

  LayerConfig layer(int layer) {
    return config.layers().get(layer);
  }

  boolean hasEngram(int layer) {
    return config.engram() != null && config.engram().layers().contains(layer);
  }

  /** True when a shown layer has Engram. */
  boolean showsEngram() {
    return layers.stream().anyMatch(this::hasEngram);
  }

  /** Tokens that a position attends to one by one. */
  int window(int position) {
    return Math.min(position + 1, config.attention().window());
  }
}
