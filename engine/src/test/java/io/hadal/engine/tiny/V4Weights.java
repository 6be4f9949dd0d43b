package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyTensor.Kind;

/** Tensors of V4 (V4 spec 6.1, 6.2). */
final class V4Weights extends TinyWeights {
  private final TinyConfig c;

  V4Weights(TinyConfig config, TinyCheckpoint.Storage storage, long seed) {
    super(config, storage, 128, seed);
    this.c = config;
  }

  @Override
  void all() {
    ends();
    headHyper("");
    for (int i = 0; i < c.ratios.length; i++) {
      layer("layers." + i + ".", c.ratios[i], i < c.hashLayers);
    }
    for (int i = 0; i < c.drafters; i++) {
      String p = "mtp." + i + ".";
      matrix(p + "e_proj.weight", Kind.LINEAR, c.hidden, c.hidden);
      matrix(p + "h_proj.weight", Kind.LINEAR, c.hidden, c.hidden);
      norm(p + "enorm.weight", c.hidden);
      norm(p + "hnorm.weight", c.hidden);
      norm(p + "norm.weight", c.hidden);
      headHyper(p);
      layer(p, 0, false);
    }
  }

  private void headHyper(String p) {
    matrix(p + "hc_head_fn", Kind.FLOAT, c.streams, c.streams * c.hidden);
    add(p + "hc_head_base", Kind.FLOAT, 1, c.streams, 0.5, 0);
    add(p + "hc_head_scale", Kind.FLOAT, 1, 1, 0.2, 1);
  }

  private void layer(String p, int ratio, boolean hashed) {
    sites(p);
    attention(p + "attn.", ratio);
    String f = p + "ffn.";
    matrix(f + "gate.weight", Kind.PLAIN, c.experts, c.hidden);
    if (hashed) {
      table(f + "gate.tid2eid");
    } else {
      add(f + "gate.bias", Kind.FLOAT, 1, c.experts, 0.2, 0);
    }
    experts(f, c.experts);
  }

  private void attention(String p, int ratio) {
    attention(p);
    if (ratio > 0) {
      compressor(p + "compressor.", ratio, c.headDim);
    }
    if (ratio == 4) {
      indexer(p + "indexer.");
      compressor(p + "indexer.compressor.", ratio, c.indexDim);
    }
  }

  private void compressor(String p, int ratio, int width) {
    int channels = (ratio == 4 ? 2 : 1) * width;
    matrix(p + "wkv.weight", Kind.PLAIN, channels, c.hidden);
    matrix(p + "wgate.weight", Kind.PLAIN, channels, c.hidden);
    add(p + "ape", Kind.FLOAT, ratio, channels, 1, 0);
    norm(p + "norm.weight", width);
  }

  /** Distinct experts for every token, in no particular order. */
  private void table(String name) {
    float[] values = new float[c.vocab * c.active];
    for (int t = 0; t < c.vocab; t++) {
      int[] ids = random.ints(0, c.experts).distinct().limit(c.active).toArray();
      for (int i = 0; i < c.active; i++) {
        values[t * c.active + i] = ids[i];
      }
    }
    tensors.put(name, TinyTensor.plain(Kind.TABLE, c.vocab, c.active, values, false));
  }
}
