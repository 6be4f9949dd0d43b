package io.hadal.model.forward;

import io.hadal.kernels.Matrix;
import io.hadal.model.cache.RowRing;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.engram.CodeVocabulary;
import io.hadal.model.engram.Linear;
import io.hadal.model.engram.Prefetch;
import io.hadal.model.engram.RowIndex;
import io.hadal.model.engram.ShortConvolution;
import io.hadal.model.engram.ShortConvolution.History;
import io.hadal.model.engram.StructuralFeatures;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.forward.EngramFusion.Stretch;
import io.hadal.model.weights.EngramLayer;
import io.hadal.model.weights.EngramMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

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
  private final int streamWidth;
  private final int encoderLayers;
  private final @Nullable CodeVocabulary vocabulary;
  private List<Span> spans = List.of();
  private int[] canonical = new int[0];
  private float[] embeddings = new float[0];

  Engram(ModelConfig config, EngramConfig shape, EngramMemory memory, Compute compute) {
    this.shape = shape;
    this.memory = memory;
    this.compute = compute;
    this.streamWidth = config.streamWidth();
    this.encoderLayers = config.encoderLayers();
    this.vocabulary = memory.vocabulary();
    this.fusion =
        new EngramFusion(
            config.hyper().streams(), config.hiddenSize(), shape.fusion().eps(), compute.mode);
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
    spans = batch.spans();
    canonical = new int[batch.size()];
    for (int t = 0; t < batch.size(); t++) {
      canonical[t] = memory.map().canonical(batch.id(t));
    }
    Map<Integer, int[]> ids = new HashMap<>();
    for (Span span : spans) {
      int[] features = features(span);
      for (int layer : shape.layers()) {
        int[] out = ids.computeIfAbsent(layer, l -> new int[batch.size() * shape.columns()]);
        rowIds(span, layer(layer).index(), features, out);
      }
    }
    for (int layer : shape.layers()) {
      if (batch.isEncoded() && layer >= encoderLayers) {
        continue;
      }
      int[] of = Objects.requireNonNull(ids.get(layer));
      rows.put(layer, of);
      underway.put(layer, layer(layer).table().begin(of, 0, of.length));
    }
  }

  private EngramLayer layer(int layer) {
    return Objects.requireNonNull(memory.layers().get(layer));
  }

  private int[] features(Span span) {
    if (vocabulary == null) {
      return new int[0];
    }
    int[] features = new int[span.count() * StructuralFeatures.COUNT];
    span.cache().structure(vocabulary, span.count(), features);
    return features;
  }

  private void rowIds(Span span, RowIndex index, int[] features, int[] out) {
    int before = Math.min(span.start(), index.lookback());
    int[] ids = new int[before + span.count()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = memory.map().canonical(span.cache().token(span.start() - before + i));
    }
    index.rows(ids, 0, before, span.count(), features, out, span.offset() * shape.columns());
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
    EngramLayer l = layer(layer);
    embeddings = Compute.grow(embeddings, tokens * shape.width());
    try (Prefetch prefetch = Objects.requireNonNull(underway.remove(layer))) {
      prefetch.read(embeddings, 0);
    }
    compute.round(embeddings, 0, tokens * shape.width());
    probeRows(layer, tokens);
    ShortConvolution convolution = l.weights().convolution();
    List<Stretch> stretches = convolution == null ? null : stretches(layer, convolution);
    fusion.forward(
        l.weights(), embeddings, canonical, 0, tokens, x, stretches, linear, layer, compute.probe);
    if (stretches != null) {
      remember(layer, stretches);
    }
  }

  /** What the caches keep of the positions before. */
  private List<Stretch> stretches(int layer, ShortConvolution convolution) {
    List<Stretch> stretches = new ArrayList<>();
    for (Span span : spans) {
      RowRing ring = Objects.requireNonNull(span.cache().layer(layer).convolved());
      History history = convolution.start();
      int first = span.start() - convolution.reach();
      for (int p = Math.max(0, first); p < span.start(); p++) {
        ring.read(p, history.rows(), (p - first) * streamWidth);
      }
      stretches.add(new Stretch(span.offset(), span.count(), history));
    }
    return stretches;
  }

  private void remember(int layer, List<Stretch> stretches) {
    for (int i = 0; i < stretches.size(); i++) {
      Span span = spans.get(i);
      RowRing ring = Objects.requireNonNull(span.cache().layer(layer).convolved());
      float[] added = stretches.get(i).history().added();
      for (int t = 0; t < span.count(); t++) {
        ring.write(span.start() + t, added, t * streamWidth);
      }
    }
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
