package io.hadal.model.forward;

import io.hadal.kernels.BlockQuantizer;
import io.hadal.model.cache.LayerCache;
import io.hadal.model.cache.LayerCache.Stream;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.weights.CompressorWeights;
import java.util.Arrays;
import java.util.function.Function;

/** Pools groups of tokens into compressed entries (spec 4.1 to 4.3, 4.6). */
final class Compressor {
  private final ModelConfig config;
  private final Compute compute;
  private float[] values = new float[0];
  private float[] gates = new float[0];
  private float[] pooledProbe = new float[0];
  private float[] entryProbe = new float[0];
  private final float[][] scratch;

  Compressor(ModelConfig config, Compute compute) {
    this.config = config;
    this.compute = compute;
    this.scratch = Compute.perWorker(compute.pool);
  }

  /** What an entry becomes after pooling. */
  enum Finish {
    /** Key-value row: norm, rotation, FP8 rounding of the part that is not rotated. */
    KEY_VALUE,
    /** Index key: norm, rotation, Hadamard transform, FP4 rounding. */
    INDEX_KEY
  }

  /** Appends every entry that a group of the batch completes. */
  void forward(
      Batch batch,
      int layer,
      LayerConfig lc,
      CompressorWeights w,
      Finish finish,
      Function<LayerCache, Stream> stream,
      int cacheLayer,
      RotaryTables.Table rope,
      float[] x) {
    int tokens = batch.size();
    int channels = w.wkv().rows();
    int width = w.norm().length;
    values = Compute.grow(values, tokens * channels);
    gates = Compute.grow(gates, tokens * channels);
    compute.matmul(w.wkv(), x, config.hiddenSize(), tokens, values, channels);
    compute.matmul(w.wgate(), x, config.hiddenSize(), tokens, gates, channels);
    for (int t = 0; t < tokens; t++) {
      int place = batch.position(t) % lc.ratio();
      for (int c = 0; c < channels; c++) {
        gates[t * channels + c] += w.ape()[place * channels + c];
      }
    }
    for (Span span : batch.spans()) {
      Stream s = stream.apply(span.cache().layer(cacheLayer));
      int first = span.start() / lc.ratio();
      int end = (span.start() + span.count()) / lc.ratio();
      s.entries().reserve(end);
      boolean probing = compute.probe != null && layer >= 0 && end > first;
      if (probing) {
        pooledProbe = Compute.grow(pooledProbe, (end - first) * width);
        entryProbe = Compute.grow(entryProbe, (end - first) * width);
      }
      compute.parallel(
          end - first,
          (task, worker) -> {
            int entry = first + task;
            float[] row = pool(span, s, lc, channels, width, entry, worker);
            if (probing) {
              System.arraycopy(row, 0, pooledProbe, task * width, width);
            }
            finish(row, width, w.norm(), finish, rope, entry * lc.ratio());
            if (probing) {
              System.arraycopy(row, 0, entryProbe, task * width, width);
            }
            s.entries().write(entry, row, 0);
          });
      keepTail(span, s, channels);
      s.entries().grow(end);
      if (probing) {
        String p = finish == Finish.INDEX_KEY ? "idx" : "comp";
        compute.probe(layer, p + "_pooled", pooledProbe, end - first, width);
        compute.probe(layer, p + "_kv", entryProbe, end - first, width);
      }
    }
  }

  /**
   * Softmax over the rows of a group, channel by channel; the row comes back in the worker's
   * scratch.
   */
  private float[] pool(
      Span span, Stream s, LayerConfig lc, int channels, int width, int entry, int worker) {
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
        s.tail().read(position, b, raw);
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

  private void finish(
      float[] row, int width, float[] norm, Finish finish, RotaryTables.Table rope, int position) {
    int ropeDim = config.attention().ropeDim();
    compute.round(row, 0, width);
    compute.kernels.rmsNorm(row, 0, width, norm, config.normEps(), row, 0);
    compute.round(row, 0, width);
    rope.rope.apply(row, width - ropeDim, position, false);
    compute.round(row, width - ropeDim, ropeDim);
    switch (finish) {
      case KEY_VALUE -> {
        if (compute.mode.roundsCaches()) {
          BlockQuantizer.roundFp8(row, 0, width - ropeDim, config.cacheBlock());
        }
      }
      case INDEX_KEY -> {
        compute.kernels.hadamard(row, 0, width, (float) (1 / Math.sqrt(width)));
        compute.round(row, 0, width);
        if (compute.mode.roundsCaches()) {
          BlockQuantizer.roundFp4(row, 0, width, 32);
        }
      }
    }
  }

  private void keepTail(Span span, Stream s, int channels) {
    float[] row = new float[2 * channels];
    for (int i = Math.max(0, span.count() - s.tail().capacity()); i < span.count(); i++) {
      System.arraycopy(values, (span.offset() + i) * channels, row, 0, channels);
      System.arraycopy(gates, (span.offset() + i) * channels, row, channels, channels);
      s.tail().write(span.start() + i, row, 0);
    }
  }
}
