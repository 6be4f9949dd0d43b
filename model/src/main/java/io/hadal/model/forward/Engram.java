package io.hadal.model.forward;

import io.hadal.kernels.Matrix;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.EngramFusion;
import io.hadal.model.engram.Linear;
import io.hadal.model.engram.Prefetch;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.weights.EngramLayer;
import io.hadal.model.weights.EngramMemory;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;

/**
 * Looks n-grams up ahead of the layers that use them and adds what they hold (engram spec 3.1, 7).
 */
final class Engram {
  private final EngramConfig shape;
  private final EngramMemory memory;
  private final Compute compute;
  private final EngramFusion fusion;
  private final Linear linear;
  private final Map<Integer, Prefetch> underway = new HashMap<>();
  private final Map<Integer, int[]> rows = new HashMap<>();
  private int[] canonical = new int[0];
  private float[] embeddings = new float[0];

  Engram(ModelConfig config, EngramConfig shape, EngramMemory memory, Compute compute) {
    this.shape = shape;
    this.memory = memory;
    this.compute = compute;
    this.fusion =
        new EngramFusion(
            config.hyper().streams(), config.hiddenSize(), config.normEps(), compute.mode);
    this.linear =
        new Linear() {
          @Override
          public void apply(Matrix w, float[] x, int xStride, int tokens, float[] y, int yStride) {
            compute.linear(w, x, xStride, tokens, y, yStride);
          }

          @Override
          public void forEachToken(int tokens, IntConsumer task) {
            compute.forRows(tokens, (t, worker) -> task.accept(t));
          }
        };
  }

  /** Row ids depend on tokens only: all layers' reads start before the first layer runs. */
  void begin(Batch batch) {
    cancel();
    canonical = new int[batch.size()];
    for (int t = 0; t < batch.size(); t++) {
      canonical[t] = memory.map().canonical(batch.id(t));
    }
    for (int layer : shape.layers()) {
      EngramLayer l = Objects.requireNonNull(memory.layers().get(layer));
      int[] ids = new int[batch.size() * shape.columns()];
      for (Span span : batch.spans()) {
        rowIds(span, l, ids);
      }
      rows.put(layer, ids);
      underway.put(layer, l.table().begin(ids, 0, ids.length));
    }
  }

  private void rowIds(Span span, EngramLayer layer, int[] out) {
    int before = Math.min(span.start(), layer.index().lookback());
    int[] ids = new int[before + span.count()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = memory.map().canonical(span.cache().token(span.start() - before + i));
    }
    layer.index().rows(ids, 0, before, span.count(), out, span.offset() * shape.columns());
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
    EngramLayer l = Objects.requireNonNull(memory.layers().get(layer));
    embeddings = Compute.grow(embeddings, tokens * shape.width());
    try (Prefetch prefetch = Objects.requireNonNull(underway.remove(layer))) {
      prefetch.read(embeddings, 0);
    }
    compute.round(embeddings, 0, tokens * shape.width());
    probeRows(layer, tokens);
    fusion.forward(
        l.weights(), embeddings, canonical, 0, tokens, x, null, linear, layer, compute.probe);
  }

  private void probeRows(int layer, int tokens) {
    if (compute.probe == null) {
      return;
    }
    int[] ids = Objects.requireNonNull(rows.get(layer));
    float[] seen = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      seen[i] = ids[i];
    }
    compute.probe(layer, "engram_rows", seen, tokens, shape.columns());
  }
}
