package io.hadal.model.forward;

import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.LayerWeights;

/** One layer: attention and experts, each between an mHC collapse and expansion (spec 2.2). */
final class Block {
  private final ModelConfig config;
  private final Compute compute;
  private final RotaryTables rotary;
  private final HyperConnections hyper;
  private final Attention attention;
  private final MixtureOfExperts experts;
  private float[] collapsed = new float[0];
  private float[] output = new float[0];
  private float[] streams = new float[0];

  Block(ModelConfig config, Compute compute, RotaryTables rotary, HyperConnections hyper) {
    this.config = config;
    this.compute = compute;
    this.rotary = rotary;
    this.hyper = hyper;
    this.attention = new Attention(config, compute, rotary);
    this.experts = new MixtureOfExperts(config, compute);
  }

  /**
   * Replaces the streams by the layer's output.
   *
   * @param layer number for probes, negative for none
   * @param x streams {@code [tokens, streams, hidden]}
   */
  void forward(Batch batch, int layer, LayerConfig lc, LayerWeights w, float[] x) {
    enter(batch.size(), layer, w, x);
    attention.forward(batch, layer, lc, w.attention(), collapsed, output);
    leave(batch, layer, lc, w, x);
  }

  /**
   * As {@link #forward} where only some rows are wanted, as behind the last layer: the others leave
   * what later tokens attend to, and no more. Tables of rotation are those of the wanted rows
   * afterwards.
   *
   * @param rows ascending; the others of {@code x} are undefined then
   */
  void forward(Batch batch, int[] rows, int layer, LayerConfig lc, LayerWeights w, float[] x) {
    enter(batch.size(), layer, w, x);
    attention.remember(batch, layer, lc, w.attention(), collapsed);
    if (rows.length == 0) {
      return;
    }
    Batch part = batch.part(rows);
    rotary.fill(part, compute);
    hyper.keep(rows);
    Compute.keep(collapsed, rows, config.hiddenSize());
    Compute.keep(x, rows, config.streamWidth());
    attention.queryPart(part, rows, layer, lc, w.attention(), collapsed, output);
    leave(part, layer, lc, w, x);
    hyper.putBack(rows);
    Compute.putBack(x, rows, config.streamWidth());
  }

  /** Attention's input, from the streams. */
  private void enter(int tokens, int layer, LayerWeights w, float[] x) {
    int d = config.hiddenSize();
    int width = config.streamWidth();
    collapsed = Compute.grow(collapsed, tokens * d);
    output = Compute.grow(output, tokens * d);
    streams = Compute.grow(streams, tokens * width);
    compute.probe(layer, "in", x, tokens, width);
    hyper.probeGates(layer, tokens);

    hyper.mix(w.attnHyper(), x, tokens, layer, "hc_attn");
    hyper.collapse(x, tokens, collapsed);
    compute.probe(layer, "attn_collapsed", collapsed, tokens, d);
    compute.norm(collapsed, tokens, d, w.attnNorm(), config.normEps(), collapsed);
    compute.probe(layer, "attn_norm", collapsed, tokens, d);
  }

  /** Attention's output and then the experts', to the streams. */
  private void leave(Batch batch, int layer, LayerConfig lc, LayerWeights w, float[] x) {
    int tokens = batch.size();
    int d = config.hiddenSize();
    int width = config.streamWidth();
    hyper.expand(x, output, tokens, streams);
    compute.probe(layer, "mid", streams, tokens, width);

    hyper.mix(w.ffnHyper(), streams, tokens, layer, "hc_ffn");
    hyper.collapse(streams, tokens, collapsed);
    compute.probe(layer, "ffn_collapsed", collapsed, tokens, d);
    compute.norm(collapsed, tokens, d, w.ffnNorm(), config.normEps(), collapsed);
    compute.probe(layer, "ffn_norm", collapsed, tokens, d);
    experts.forward(batch, layer, lc, w.moe(), collapsed, output);
    hyper.expand(streams, output, tokens, x);
    compute.probe(layer, "out", x, tokens, width);
  }
}
