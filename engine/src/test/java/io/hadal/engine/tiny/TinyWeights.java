package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyTensor.Kind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Random parameters of every tensor that a release of this shape would hold (spec 6.1, 6.2). */
final class TinyWeights {
  private final TinyConfig c;
  private final TinyCheckpoint.Storage storage;
  private final SplittableRandom random;
  private final Map<String, TinyTensor> tensors = new LinkedHashMap<>();

  private TinyWeights(TinyConfig config, TinyCheckpoint.Storage storage, long seed) {
    this.c = config;
    this.storage = storage;
    this.random = new SplittableRandom(seed);
  }

  static Map<String, TinyTensor> generate(
      TinyConfig config, TinyCheckpoint.Storage storage, long seed) {
    TinyWeights w = new TinyWeights(config, storage, seed);
    w.all();
    return w.tensors;
  }

  private void all() {
    add("embed.weight", Kind.PLAIN, c.vocab, c.hidden, 1, 0);
    add("head.weight", Kind.PLAIN, c.vocab, c.hidden, 2 / Math.sqrt(c.hidden), 0);
    add("norm.weight", Kind.PLAIN, 1, c.hidden, 0.1, 1);
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
    for (String site : new String[] {"attn", "ffn"}) {
      int mixes = c.streams * (2 + c.streams);
      matrix(p + "hc_" + site + "_fn", Kind.FLOAT, mixes, c.streams * c.hidden);
      add(p + "hc_" + site + "_base", Kind.FLOAT, 1, mixes, 1, 0);
      add(p + "hc_" + site + "_scale", Kind.FLOAT, 1, 3, 0.2, 1);
      norm(p + site + "_norm.weight", c.hidden);
    }
    attention(p + "attn.", ratio);
    String f = p + "ffn.";
    matrix(f + "gate.weight", Kind.PLAIN, c.experts, c.hidden);
    if (hashed) {
      table(f + "gate.tid2eid");
    } else {
      add(f + "gate.bias", Kind.FLOAT, 1, c.experts, 0.2, 0);
    }
    for (int e = 0; e < c.experts; e++) {
      expert(f + "experts." + e + ".", Kind.EXPERT);
    }
    if (c.shared > 0) {
      expert(f + "shared_experts.", Kind.LINEAR);
    }
  }

  private void expert(String p, Kind kind) {
    matrix(p + "w1.weight", kind, c.moeWidth, c.hidden);
    matrix(p + "w3.weight", kind, c.moeWidth, c.hidden);
    matrix(p + "w2.weight", kind, c.hidden, c.moeWidth);
  }

  private void attention(String p, int ratio) {
    add(p + "attn_sink", Kind.FLOAT, 1, c.heads, 1, 0);
    matrix(p + "wq_a.weight", Kind.LINEAR, c.queryRank, c.hidden);
    norm(p + "q_norm.weight", c.queryRank);
    matrix(p + "wq_b.weight", Kind.LINEAR, c.heads * c.headDim, c.queryRank);
    matrix(p + "wkv.weight", Kind.LINEAR, c.headDim, c.hidden);
    norm(p + "kv_norm.weight", c.headDim);
    int groupWidth = c.heads / c.groups * c.headDim;
    matrix(p + "wo_a.weight", Kind.LINEAR, c.groups * c.outRank, groupWidth);
    matrix(p + "wo_b.weight", Kind.LINEAR, c.hidden, c.groups * c.outRank);
    if (ratio > 0) {
      compressor(p + "compressor.", ratio, c.headDim);
    }
    if (ratio == 4) {
      matrix(p + "indexer.wq_b.weight", Kind.LINEAR, c.indexHeads * c.indexDim, c.queryRank);
      matrix(p + "indexer.weights_proj.weight", Kind.PLAIN, c.indexHeads, c.hidden);
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

  private void norm(String name, int width) {
    add(name, Kind.PLAIN, 1, width, 0.1, 1);
  }

  private void matrix(String name, Kind kind, int rows, int cols) {
    add(name, kind, rows, cols, 1 / Math.sqrt(cols), 0);
  }

  private void add(String name, Kind kind, int rows, int cols, double deviation, double mean) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    boolean released = storage == TinyCheckpoint.Storage.RELEASED;
    TinyTensor tensor;
    if (released && kind == Kind.LINEAR) {
      tensor = TinyTensor.fp8(rows, cols, values, random);
    } else if (released && kind == Kind.EXPERT) {
      tensor = TinyTensor.fp4(rows, cols, values, random);
    } else {
      tensor = TinyTensor.plain(kind, rows, cols, values, storage != TinyCheckpoint.Storage.FLOAT);
    }
    tensors.put(name, tensor);
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

  /** Numbers of a table. */
  static long[] ids(TinyTensor table) {
    long[] ids = new long[table.values().length];
    Arrays.setAll(ids, i -> (long) table.values()[i]);
    return ids;
  }
}
