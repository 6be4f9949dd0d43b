package io.hadal.engine.tiny;

import io.hadal.engine.tiny.TinyTensor.Kind;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Random parameters of every tensor that a release of some shape would hold. */
abstract class TinyWeights {
  private final TinyConfig c;
  private final TinyCheckpoint.Storage storage;
  private final int tile;
  final SplittableRandom random;
  final Map<String, TinyTensor> tensors = new LinkedHashMap<>();

  /**
   * @param tile rows and columns that share a scale in FP8 matrices
   */
  TinyWeights(TinyConfig config, TinyCheckpoint.Storage storage, int tile, long seed) {
    this.c = config;
    this.storage = storage;
    this.tile = tile;
    this.random = new SplittableRandom(seed);
  }

  /** Makes all tensors, in an order that never changes. */
  final Map<String, TinyTensor> generate() {
    all();
    return tensors;
  }

  abstract void all();

  final void ends() {
    add("embed.weight", Kind.PLAIN, c.vocab, c.hidden, 1, 0);
    add("head.weight", Kind.PLAIN, c.vocab, c.hidden, 2 / Math.sqrt(c.hidden), 0);
    add("norm.weight", Kind.PLAIN, 1, c.hidden, 0.1, 1);
  }

  /** mHC and norms of both sublayers. */
  final void sites(String p) {
    for (String site : new String[] {"attn", "ffn"}) {
      int mixes = c.streams * (2 + c.streams);
      matrix(p + "hc_" + site + "_fn", Kind.FLOAT, mixes, c.streams * c.hidden);
      add(p + "hc_" + site + "_base", Kind.FLOAT, 1, mixes, 1, 0);
      add(p + "hc_" + site + "_scale", Kind.FLOAT, 1, 3, 0.2, 1);
      norm(p + site + "_norm.weight", c.hidden);
    }
  }

  /** What every attention layer has. */
  final void attention(String p) {
    add(p + "attn_sink", Kind.FLOAT, 1, c.heads, 1, 0);
    matrix(p + "wq_a.weight", Kind.LINEAR, c.queryRank, c.hidden);
    norm(p + "q_norm.weight", c.queryRank);
    matrix(p + "wq_b.weight", Kind.LINEAR, c.heads * c.headDim, c.queryRank);
    matrix(p + "wkv.weight", Kind.LINEAR, c.headDim, c.hidden);
    norm(p + "kv_norm.weight", c.headDim);
    int groupWidth = c.heads / c.groups * c.headDim;
    matrix(p + "wo_a.weight", Kind.LINEAR, c.groups * c.outRank, groupWidth);
    matrix(p + "wo_b.weight", Kind.LINEAR, c.hidden, c.groups * c.outRank);
  }

  /** Queries and head weights of an indexer. */
  final void indexer(String p) {
    matrix(p + "wq_b.weight", Kind.LINEAR, c.indexHeads * c.indexDim, c.queryRank);
    matrix(p + "weights_proj.weight", Kind.PLAIN, c.indexHeads, c.hidden);
  }

  final void experts(String p, int count) {
    for (int e = 0; e < count; e++) {
      expert(p + "experts." + e + ".", Kind.EXPERT);
    }
    if (c.shared > 0) {
      expert(p + "shared_experts.", Kind.LINEAR);
    }
  }

  private void expert(String p, Kind kind) {
    matrix(p + "w1.weight", kind, c.moeWidth, c.hidden);
    matrix(p + "w3.weight", kind, c.moeWidth, c.hidden);
    matrix(p + "w2.weight", kind, c.hidden, c.moeWidth);
  }

  void norm(String name, int width) {
    add(name, Kind.PLAIN, 1, width, 0.1, 1);
  }

  void matrix(String name, Kind kind, int rows, int cols) {
    add(name, kind, rows, cols, 1 / Math.sqrt(cols), 0);
  }

  void add(String name, Kind kind, int rows, int cols, double deviation, double mean) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    boolean released = storage == TinyCheckpoint.Storage.RELEASED;
    TinyTensor tensor;
    if (released && kind == Kind.LINEAR) {
      tensor = TinyTensor.fp8(rows, cols, tile, values, random);
    } else if (released && kind == Kind.ENGRAM) {
      tensor = TinyTensor.fp8Rows(rows, cols, values, random);
    } else if (released && kind == Kind.EXPERT) {
      tensor = TinyTensor.fp4(rows, cols, values, random);
    } else {
      tensor = TinyTensor.plain(kind, rows, cols, values, storage != TinyCheckpoint.Storage.FLOAT);
    }
    tensors.put(name, tensor);
  }

  /** Numbers of a table. */
  static long[] ids(TinyTensor table) {
    long[] ids = new long[table.values().length];
    Arrays.setAll(ids, i -> (long) table.values()[i]);
    return ids;
  }
}
