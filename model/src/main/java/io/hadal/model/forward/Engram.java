package io.hadal.model.forward;

import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.EngramIndex;
import io.hadal.model.engram.Prefetch;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.weights.EngramMemory;
import io.hadal.model.weights.EngramWeights;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** Adds what the n-gram memory knows to the streams (engram spec 3.1). */
final class Engram {
  private static final float ROOT_FLOOR = 1e-6f;

  private final ModelConfig config;
  private final EngramConfig shape;
  private final EngramMemory memory;
  private final Compute compute;
  private final Map<Integer, Prefetch> underway = new HashMap<>();
  private final Map<Integer, int[]> rows = new HashMap<>();
  private float[] embeddings = new float[0];
  private float[] projected = new float[0];
  private float[] dots = new float[0];
  private float[] gates = new float[0];

  Engram(ModelConfig config, EngramConfig shape, EngramMemory memory, Compute compute) {
    this.config = config;
    this.shape = shape;
    this.memory = memory;
    this.compute = compute;
  }

  /** Row ids depend on tokens only: all layers' reads start before the first layer runs. */
  void begin(Batch batch) {
    cancel();
    for (int layer : shape.layers()) {
      EngramWeights w = Objects.requireNonNull(memory.layers().get(layer));
      int[] ids = new int[batch.size() * shape.columns()];
      for (Span span : batch.spans()) {
        rowIds(span, w.index(), ids, span.offset() * shape.columns());
      }
      rows.put(layer, ids);
      underway.put(layer, w.table().begin(ids, 0, ids.length));
    }
  }

  private void rowIds(Span span, EngramIndex index, int[] out, int offset) {
    int before = Math.min(span.start(), index.lookback());
    int[] canonical = new int[before + span.count()];
    for (int i = 0; i < canonical.length; i++) {
      canonical[i] = memory.map().canonical(span.cache().token(span.start() - before + i));
    }
    index.rows(canonical, 0, before, span.count(), out, offset);
  }

  /** Gives up reads of a step that failed. */
  void cancel() {
    underway.values().forEach(Prefetch::close);
    underway.clear();
  }

  boolean has(int layer) {
    return memory.layers().containsKey(layer);
  }

  /** Updates the streams {@code [tokens, streams, hidden]} that enter a layer. */
  void apply(int layer, int tokens, float[] x) {
    EngramWeights w = Objects.requireNonNull(memory.layers().get(layer));
    int width = shape.width();
    int d = config.hiddenSize();
    int n = config.hyper().streams();
    int outputs = (n + 1) * d;
    embeddings = Compute.grow(embeddings, tokens * width);
    projected = Compute.grow(projected, tokens * outputs);
    dots = Compute.grow(dots, tokens * n);
    gates = Compute.grow(gates, tokens * n);
    try (Prefetch prefetch = Objects.requireNonNull(underway.remove(layer))) {
      prefetch.read(embeddings, 0);
    }
    compute.round(embeddings, 0, tokens * width);
    compute.linear(w.wkv(), embeddings, width, tokens, projected, outputs);
    compute.forRows(tokens, (t, worker) -> fuse(w, t, x));
    probe(layer, tokens, x);
  }

  private void fuse(EngramWeights w, int t, float[] x) {
    int d = config.hiddenSize();
    int n = config.hyper().streams();
    int keys = t * (n + 1) * d;
    int value = keys + n * d;
    float[] weighted = new float[d];
    for (int b = 0; b < n; b++) {
      int h = (t * n + b) * d;
      int k = keys + b * d;
      for (int i = 0; i < d; i++) {
        weighted[i] = x[h + i] * w.gain()[b * d + i];
      }
      double dot = compute.kernels.dot(weighted, 0, projected, k, d);
      dot *= inverseRms(x, h) * inverseRms(projected, k) / Math.sqrt(d);
      dots[t * n + b] = (float) dot;
      double root = Math.sqrt(Math.max(Math.abs(dot), ROOT_FLOOR));
      float gate = (float) (1 / (1 + Math.exp(dot < 0 ? root : -root)));
      gates[t * n + b] = gate;
      compute.kernels.addScaled(gate, projected, value, x, h, d);
      compute.round(x, h, d);
    }
  }

  private double inverseRms(float[] x, int offset) {
    int d = config.hiddenSize();
    return 1
        / Math.sqrt(compute.kernels.dot(x, offset, x, offset, d) / (double) d + config.normEps());
  }

  private void probe(int layer, int tokens, float[] x) {
    if (compute.probe == null) {
      return;
    }
    int d = config.hiddenSize();
    int n = config.hyper().streams();
    float[] keys = new float[tokens * n * d];
    float[] values = new float[tokens * d];
    for (int t = 0; t < tokens; t++) {
      System.arraycopy(projected, t * (n + 1) * d, keys, t * n * d, n * d);
      System.arraycopy(projected, (t * (n + 1) + n) * d, values, t * d, d);
    }
    int[] ids = Objects.requireNonNull(rows.get(layer));
    float[] seen = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      seen[i] = ids[i];
    }
    compute.probe(layer, "engram_rows", seen, tokens, shape.columns());
    compute.probe(layer, "engram_e", embeddings, tokens, shape.width());
    compute.probe(layer, "engram_key", keys, tokens, n * d);
    compute.probe(layer, "engram_value", values, tokens, d);
    compute.probe(layer, "engram_dot", dots, tokens, n);
    compute.probe(layer, "engram_gate", gates, tokens, n);
    compute.probe(layer, "engram_out", x, tokens, n * d);
  }
}
