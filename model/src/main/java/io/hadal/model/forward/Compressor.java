package io.hadal.model.forward;

import io.hadal.model.cache.EntryLog;
import io.hadal.model.cache.LayerCache;
import io.hadal.model.cache.LayerCache.Stream;
import io.hadal.model.cache.RowRing;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.weights.AttentionWeights;
import io.hadal.model.weights.CompressorWeights;
import io.hadal.model.weights.IndexKeyWeights;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/** Pools groups of tokens into compressed entries (spec 4.1 to 4.3, 4.6). */
final class Compressor {
  private final ModelConfig config;
  private final Compute compute;
  private float[] values = new float[0];
  private float[] gates = new float[0];
  private final float[][] scratch;

  Compressor(ModelConfig config, Compute compute) {
    this.config = config;
    this.compute = compute;
    this.scratch = Compute.perWorker(compute.pool);
  }

  /** Turns a pooled group into cached rows; works on the worker's row in place. */
  private interface Finish {
    void apply(float[] row, int entry, int task);
  }

  /**
   * Appends every key-value entry that a group of the batch completes, and its index key where
   * projected.
   */
  void entries(
      Batch batch,
      int layer,
      LayerConfig lc,
      AttentionWeights w,
      RotaryTables.Table rope,
      float[] x) {
    CompressorWeights c = Objects.requireNonNull(w.compressor());
    int width = config.attention().headDim();
    int ropeDim = config.attention().ropeDim();
    IndexKeyWeights.Projected keys =
        w.indexKeys() instanceof IndexKeyWeights.Projected p ? p : null;
    project(batch, lc, c, x);
    for (Span span : batch.spans()) {
      LayerCache cache = span.cache().layer(lc.index());
      Stream s = Objects.requireNonNull(cache.main());
      Stream index = cache.index();
      EntryLog keyLog = keys == null || index == null ? null : index.entries();
      if (keyLog != null) {
        keyLog.reserve((span.start() + span.count()) / lc.ratio());
      }
      EntryProbe latents = new EntryProbe();
      EntryProbe rows = new EntryProbe();
      EntryProbe indexRows = new EntryProbe();
      pool(
          span,
          s,
          lc,
          c,
          layer,
          "comp_pooled",
          (row, entry, task) -> {
            compute.round(row, 0, width);
            compute.kernels.rmsNorm(row, 0, width, c.norm(), config.normEps(), row, 0);
            compute.round(row, 0, width);
            latents.keep(row, width, task);
            int position = entry * lc.ratio();
            if (keyLog != null) {
              float[] key = projectKey(Objects.requireNonNull(keys), row, rope, position);
              indexRows.keep(key, key.length, task);
              keyLog.write(entry, key, 0);
            }
            rope.rope.apply(row, width - ropeDim, position, false);
            compute.round(row, width - ropeDim, ropeDim);
            if (compute.roundsRows) {
              config.entryCode().round(row, 0, width, ropeDim);
            }
            rows.keep(row, width, task);
            s.entries().write(entry, row, 0);
          });
      if (keyLog != null) {
        keyLog.grow(s.entries().size());
        indexRows.record(layer, "idx_kv");
      }
      latents.record(layer, "comp_latent");
      rows.record(layer, "comp_kv");
    }
  }

  /** Appends the index keys of a compressor of their own (V4 spec 4.3). */
  void indexKeys(
      Batch batch,
      int layer,
      LayerConfig lc,
      CompressorWeights c,
      RotaryTables.Table rope,
      float[] x) {
    int width = config.indexer().headDim();
    int ropeDim = config.attention().ropeDim();
    project(batch, lc, c, x);
    for (Span span : batch.spans()) {
      Stream s = Objects.requireNonNull(span.cache().layer(lc.index()).index());
      EntryProbe rows = new EntryProbe();
      pool(
          span,
          s,
          lc,
          c,
          layer,
          "idx_pooled",
          (row, entry, task) -> {
            compute.round(row, 0, width);
            compute.kernels.rmsNorm(row, 0, width, c.norm(), config.normEps(), row, 0);
            compute.round(row, 0, width);
            rope.rope.apply(row, width - ropeDim, entry * lc.ratio(), false);
            compute.round(row, width - ropeDim, ropeDim);
            compute.kernels.hadamard(row, 0, width, (float) (1 / Math.sqrt(width)));
            roundKey(row, width);
            rows.keep(row, width, task);
            s.entries().write(entry, row, 0);
          });
      rows.record(layer, "idx_kv");
    }
  }

  /** Index key of a latent that is not rotated yet (V4.1 spec 4.2). */
  private float[] projectKey(
      IndexKeyWeights.Projected w, float[] latent, RotaryTables.Table rope, int position) {
    int width = w.wk().rows();
    int ropeDim = config.attention().ropeDim();
    float[] key = new float[width];
    compute.kernels.matmul(w.wk(), 0, width, latent, 0, w.wk().cols(), 1, key, 0, width);
    compute.round(key, 0, width);
    compute.kernels.rmsNorm(key, 0, width, w.norm(), config.normEps(), key, 0);
    compute.round(key, 0, width);
    rope.rope.apply(key, width - ropeDim, position, false);
    roundKey(key, width);
    return key;
  }

  private void roundKey(float[] key, int width) {
    compute.round(key, 0, width);
    if (compute.mode.roundsCaches()) {
      compute.attention.roundFp4(key, 0, width, 32);
    }
  }

  /** Rows of finished entries on their way to a probe. */
  private final class EntryProbe {
    private final Map<Integer, float[]> rows = new ConcurrentHashMap<>();

    void keep(float[] row, int width, int task) {
      if (compute.probe != null) {
        rows.put(task, Arrays.copyOf(row, width));
      }
    }

    void record(int layer, String name) {
      if (rows.isEmpty()) {
        return;
      }
      int width = Objects.requireNonNull(rows.get(0)).length;
      float[] all = new float[rows.size() * width];
      rows.forEach((task, row) -> System.arraycopy(row, 0, all, task * width, width));
      compute.probe(layer, name, all, rows.size(), width);
    }
  }

  private void project(Batch batch, LayerConfig lc, CompressorWeights c, float[] x) {
    int tokens = batch.size();
    int channels = c.wkv().rows();
    values = Compute.grow(values, tokens * channels);
    gates = Compute.grow(gates, tokens * channels);
    compute.matmul(c.wkv(), x, config.hiddenSize(), tokens, values, channels);
    if (c.wgate() == null) {
      // A lone row has weight one whatever its gate is.
      Arrays.fill(gates, 0, tokens * channels, 0);
    } else {
      compute.matmul(c.wgate(), x, config.hiddenSize(), tokens, gates, channels);
    }
    float[] ape = c.ape();
    if (ape != null) {
      for (int t = 0; t < tokens; t++) {
        int place = batch.position(t) % lc.ratio();
        for (int i = 0; i < channels; i++) {
          gates[t * channels + i] += ape[place * channels + i];
        }
      }
    }
  }

  /** Pools every group that a span completes and keeps the raw rows of the group under way. */
  private void pool(
      Span span,
      Stream s,
      LayerConfig lc,
      CompressorWeights c,
      int layer,
      String probeName,
      Finish finish) {
    int channels = c.wkv().rows();
    int width = c.norm().length;
    int first = span.start() / lc.ratio();
    int end = (span.start() + span.count()) / lc.ratio();
    RowRing tail = Objects.requireNonNull(s.tail());
    s.entries().reserve(end);
    EntryProbe pooled = new EntryProbe();
    compute.parallel(
        end - first,
        (task, worker) -> {
          float[] row = pool(span, tail, lc, channels, width, first + task, worker);
          pooled.keep(row, width, task);
          finish.apply(row, first + task, task);
        });
    pooled.record(layer, probeName);
    keepTail(span, tail, channels);
    s.entries().grow(end);
  }

  /**
   * Softmax over the rows of a group, channel by channel; the row comes back in the worker's
   * scratch.
   */
  private float[] pool(
      Span span, RowRing tail, LayerConfig lc, int channels, int width, int entry, int worker) {
    int ratio = lc.ratio();
    int halves = lc.compressorHalves();
    int rows = halves * ratio;
    // [pooled | max | sum | exp | raw row | gates of all rows | values of all rows]
    int need = 4 * width + 2 * channels + 2 * rows * width;
    scratch[worker] = Compute.grow(scratch[worker], need);
    float[] b = scratch[worker];
    int max = width;
    int sum = 2 * width;
    int exp = 3 * width;
    int raw = 4 * width;
    int g = raw + 2 * channels;
    int v = g + rows * width;
    // The first group has no predecessor: its rows carry no weight.
    int from = halves == 2 && entry == 0 ? ratio : 0;
    Arrays.fill(b, max, max + width, Float.NEGATIVE_INFINITY);
    for (int r = from; r < rows; r++) {
      int position = (entry - (halves - 1)) * ratio + r;
      int channel = halves == 2 && r >= ratio ? width : 0;
      int row = position - span.start();
      if (row >= 0) {
        int at = (span.offset() + row) * channels + channel;
        System.arraycopy(values, at, b, v + r * width, width);
        System.arraycopy(gates, at, b, g + r * width, width);
      } else {
        tail.read(position, b, raw);
        System.arraycopy(b, raw + channel, b, v + r * width, width);
        System.arraycopy(b, raw + channels + channel, b, g + r * width, width);
      }
      for (int c = 0; c < width; c++) {
        b[max + c] = Math.max(b[max + c], b[g + r * width + c]);
      }
    }
    Arrays.fill(b, 0, width, 0);
    Arrays.fill(b, sum, sum + width, 0);
    for (int r = from; r < rows; r++) {
      for (int c = 0; c < width; c++) {
        b[exp + c] = b[g + r * width + c] - b[max + c];
      }
      compute.kernels.expAndSum(b, exp, width, 0);
      for (int c = 0; c < width; c++) {
        b[sum + c] += b[exp + c];
        b[c] = Math.fma(b[exp + c], b[v + r * width + c], b[c]);
      }
    }
    for (int c = 0; c < width; c++) {
      b[c] /= b[sum + c];
    }
    return b;
  }

  private void keepTail(Span span, RowRing tail, int channels) {
    float[] row = new float[2 * channels];
    for (int i = Math.max(0, span.count() - tail.capacity()); i < span.count(); i++) {
      System.arraycopy(values, (span.offset() + i) * channels, row, 0, channels);
      System.arraycopy(gates, (span.offset() + i) * channels, row, channels, channels);
      tail.write(span.start() + i, row, 0);
    }
  }
}
