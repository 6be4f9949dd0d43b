package io.hadal.train;

import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.MoeConfig;
import io.hadal.train.graph.Parameter;
import io.hadal.train.graph.Parameter.Kind;
import io.hadal.train.graph.ParameterSet;

/**
 * Size of a model and work of a token.
 *
 * <p>Work is that of a forward pass: two operations for each weight of a matrix that a token meets,
 * of routed experts those of the active ones; the output head; scores and sums of attention over
 * the window, the entries and, for each indexer, all visible entries; mixing of the residual
 * streams. Element-wise functions, norms and lookups are left out. A training step costs about
 * three times as much, one that leaves the matrices as they are about twice.
 *
 * @param parameters all numbers, tables included
 * @param active those that one token uses: of routed experts the chosen ones, of tables the rows
 *     read, of the embedding everything
 * @param flops operations of a token, mean over the positions of a context
 */
public record ModelCost(long parameters, long active, long flops) {

  /**
   * Counts.
   *
   * @param context tokens of a row
   */
  public static ModelCost of(ParameterSet set, ModelConfig config, int context) {
    MoeConfig moe = config.layers().getFirst().moe();
    double share = moe.dense() ? 0 : (double) moe.activeExperts() / moe.experts();
    double active = 0;
    double flops = 0;
    for (Parameter p : set.all()) {
      double used = p.size();
      if (p.kind() == Kind.TABLE) {
        used = 0;
      } else if (p.name().contains(".experts.")) {
        used *= share;
      }
      active += used;
      if (p.kind() == Kind.MATRIX || p.name().equals("head.weight")) {
        flops += 2 * used;
      }
    }
    EngramConfig engram = config.engram();
    if (engram != null) {
      active += (double) engram.layers().size() * engram.width();
    }
    int streams = config.hyper().streams();
    double mixing = 2.0 * streams * (streams + 2) * config.hiddenSize();
    for (LayerConfig layer : config.layers()) {
      flops += 2 * mixing + attention(config, layer, context);
    }
    return new ModelCost(set.count(), Math.round(active), Math.round(flops));
  }

  private static double attention(ModelConfig config, LayerConfig layer, int context) {
    AttentionConfig a = config.attention();
    double keys = 0;
    double scored = 0;
    for (int t = 0; t < context; t++) {
      int entries = layer.visibleEntries(t);
      keys += Math.min(t + 1, a.window());
      keys += layer.indexed() ? Math.min(entries, config.indexer().topK()) : entries;
      scored += layer.selects() ? entries : 0;
    }
    double index = 2.0 * config.indexer().heads() * config.indexer().headDim();
    return (4.0 * a.heads() * a.headDim() * keys + index * scored) / context;
  }
}
