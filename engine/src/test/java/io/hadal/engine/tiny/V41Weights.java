package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyTensor.Kind;

/** Tensors of V4.1 (V4.1 spec 7). */
final class V41Weights extends TinyWeights {
  private final V41Config c;

  V41Weights(V41Config config, TinyCheckpoint.Storage storage, long seed) {
    super(config, storage, 32, seed);
    this.c = config;
  }

  @Override
  void all() {
    ends();
    for (int i = 0; i < c.ratios.length; i++) {
      String p = "layers." + i + ".";
      layer(p, c.experts);
      if (c.isSource(i)) {
        compressor(p + "attn.", c.ratios[i]);
      }
      if (c.isIndexSource(i)) {
        indexer(p + "attn.indexer.");
      }
    }
    if (c.engramLayers.length > 0) {
      long[] rows = new EngramReference(c, TinyTokenizer.canonical(c.vocab)).rows();
      for (int i = 0; i < rows.length; i++) {
        engram("layers." + c.engramLayers[i] + ".engram.", (int) rows[i]);
      }
    }
    if (c.drafters > 0) {
      drafter();
    }
  }

  private void layer(String p, int experts) {
    sites(p);
    attention(p + "attn.");
    add(p + "ffn.gate.weight", Kind.PLAIN, experts, c.hidden, 1 / Math.sqrt(c.hidden), 0);
    add(p + "ffn.gate.bias", Kind.FLOAT, 1, experts, 0.2, 0);
    add(p + "ffn.gate.bias_vl", Kind.FLOAT, 1, experts, 0.2, 0);
    experts(p + "ffn.", experts);
  }

  private void compressor(String p, int ratio) {
    matrix(p + "compressor.wkv.weight", Kind.PLAIN, c.headDim, c.hidden);
    if (ratio > 1) {
      matrix(p + "compressor.wgate.weight", Kind.PLAIN, c.headDim, c.hidden);
    }
    norm(p + "compressor.norm.weight", c.headDim);
    matrix(p + "indexer.wk.weight", Kind.PLAIN, c.indexDim, c.headDim);
    norm(p + "indexer.k_norm.weight", c.indexDim);
  }

  private void engram(String p, int rows) {
    int width = c.engramColumns() * c.engramDim;
    add(p + "embed.weight", Kind.ENGRAM, rows, c.engramDim, 1, 0);
    matrix(p + "wkv.weight", Kind.LINEAR, (c.streams + 1) * c.hidden, width);
    add(p + "q_weight", Kind.PLAIN, c.streams, c.hidden, 0.5, 1);
    add(p + "k_weight", Kind.PLAIN, c.streams, c.hidden, 0.5, 1);
  }

  private void drafter() {
    for (int i = 0; i < c.drafters; i++) {
      layer("mtp." + i + ".", c.draftExperts);
    }
    matrix("mtp.0.main_proj.weight", Kind.LINEAR, c.hidden, c.draftTargets.length * c.hidden);
    norm("mtp.0.main_norm.weight", c.hidden);
    String last = "mtp." + (c.drafters - 1) + ".";
    norm(last + "norm.weight", c.hidden);
    add(last + "markov_head.embed.weight", Kind.PLAIN, c.vocab, c.markovRank, 1, 0);
    matrix(last + "markov_head.head.weight", Kind.PLAIN, c.vocab, c.markovRank);
    matrix(last + "confidence_head.proj.weight", Kind.PLAIN, 1, c.hidden + c.markovRank);
  }
}
