package io.hadal.cli.explain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model did with one token.
 *
 * @param text what the token stands for; null without a tokenizer
 * @param layers the layers that were asked for, in order
 */
public record TokenTrace(int position, int id, @Nullable TokenText text, List<LayerTrace> layers) {
  public TokenTrace {
    layers = List.copyOf(layers);
  }
}
