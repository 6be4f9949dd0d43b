package io.hadal.train.graph;

import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Attention over window rows and compressed entries under one softmax with a sink (V4.1 spec 4.2).
 * All heads of some consecutive queries of a span go through one product, as they share keys.
 */
final class AttentionLayer implements Block.Attention {
  /** Rows of queries of a tile, heads counted. */
  private static final int TILE_ROWS = 96;

  private final Work work;
  private final AttentionConfig shape;
  private final int dim;
  private final int width;
  private final int tile;
  private final AttentionProjections projections;
  // Entries this layer reads; own says that it makes them.
  private final @Nullable EntryStream stream;
  private final boolean own;
  private final LightningIndex.@Nullable Keys keys;
  private final @Nullable LightningIndex index;
  private final boolean ownIndex;

  private float[] queries = new float[0];
  private float[] rows = new float[0];
  private float[] probabilities = new float[0];
  private float[] sinkShares = new float[0];
  private float[] outputs = new float[0];
  private float[] dOutputs = new float[0];
  private float[] dQueries = new float[0];
  private float[] dRows = new float[0];
  // Where the probabilities of each span start.
  private int[] spanOffsets = new int[0];

  /**
   * Declares a layer's parameters.
   *
   * @param source the layer that makes the entries it reads; null for none or itself
   * @param indexSource the layer whose choice it follows; null for none or itself
   */
  AttentionLayer(
      Work work,
      ModelConfig config,
      LayerConfig layer,
      ParameterSet set,
      String prefix,
      @Nullable AttentionLayer source,
      @Nullable AttentionLayer indexSource) {
    this.work = work;
    this.shape = config.attention();
    this.dim = shape.headDim();
    this.width = shape.heads() * dim;
    this.tile = Math.max(1, TILE_ROWS / shape.heads());
    this.projections = new AttentionProjections(work, config, layer, set, prefix);
    Rotary rotary = projections.rotary();
    this.own = layer.compresses();
    this.stream =
        own
            ? new EntryStream(work, config, layer, set, prefix, rotary)
            : source == null ? null : source.stream;
    this.keys =
        own && stream != null && layer.makesIndexKeys()
            ? new LightningIndex.Keys(work, config, set, prefix, stream, rotary)
            : source == null ? null : source.keys;
    this.ownIndex = layer.selects();
    this.index =
        ownIndex && keys != null
            ? new LightningIndex(work, config, set, prefix, keys, rotary)
            : indexSource == null ? null : indexSource.index;
  }

  /** Divergence of the layer's own indexer, summed over tokens; 0 without one. */
  double divergence() {
    return ownIndex && index != null ? index.divergence() : 0;
  }

  @Override
  public void forward(PackedBatch batch, float[] x, float[] y, Pass pass) {
    int tokens = batch.tokens();
    outputs = Work.grow(outputs, tokens * width);
    sinkShares = Work.grow(sinkShares, tokens * shape.heads());
    prepare(batch);
    queries = projections.queries(tokens, batch::position, x);
    rows = projections.rows(tokens, batch::position, x);
    if (own && stream != null) {
      stream.forward(batch, x);
      if (keys != null) {
        keys.forward(batch);
      }
    }
    if (ownIndex && index != null) {
      index.begin(batch, x, projections.latent());
    }
    work.pool.run(batch.spans(), (s, worker) -> attend(batch, s, pass, worker));
    if (ownIndex && index != null && pass.learnsIndex()) {
      index.finish(batch, x, projections.latent());
    }
    projections.output(tokens, batch::position, outputs, y);
  }

  /** Memory for the probabilities of all tiles. */
  private void prepare(PackedBatch batch) {
    spanOffsets = new int[batch.spans() + 1];
    int longest = 0;
    for (int s = 0; s < batch.spans(); s++) {
      int size = 0;
      for (int q = 0; q < batch.length(s); q += tile) {
        int end = Math.min(batch.length(s), q + tile);
        size += (end - q) * shape.heads() * (end - firstRow(q) + visible(end - 1));
      }
      spanOffsets[s + 1] = Math.addExact(spanOffsets[s], size);
      longest = Math.max(longest, batch.length(s));
    }
    probabilities = Work.grow(probabilities, spanOffsets[batch.spans()]);
    projections.rotary().require(longest);
  }

  private int firstRow(int position) {
    return Math.max(0, position - shape.window() + 1);
  }

  private int visible(int position) {
    return stream == null ? 0 : (position + 1) / stream.ratio();
  }

  private int firstEntry(PackedBatch batch, int span) {
    return stream == null ? 0 : batch.entryStarts(stream.ratio())[span];
  }

  private void attend(PackedBatch batch, int span, Pass pass, int worker) {
    int start = batch.start(span);
    int length = batch.length(span);
    int heads = shape.heads();
    int entry = firstEntry(batch, span);
    int at = spanOffsets[span];
    for (int q = 0; q < length; q += tile) {
      int count = Math.min(tile, length - q);
      int first = firstRow(q);
      int near = q + count - first;
      int far = visible(q + count - 1);
      int cols = near + far;
      int n = count * heads;
      float[] p = probabilities;
      float[] scores = null;
      LightningIndex chooser = index;
      if (far > 0 && ownIndex && chooser != null) {
        boolean choosing = !pass.dense() && far > chooser.topK();
        if (choosing || pass.learnsIndex()) {
          scores = chooser.score(start + q, count, entry, far, worker);
        }
        for (int i = 0; choosing && scores != null && i < count; i++) {
          if (visible(q + i) > chooser.topK()) {
            chooser.select(start + q + i, scores, i * far, visible(q + i));
          }
        }
      }
      keysProduct(queries, (start + q) * width, n, start + first, near, entry, far, p, at, cols);
      for (int i = 0; i < count; i++) {
        int[] chosen = far == 0 || chooser == null ? null : chooser.selected()[start + q + i];
        for (int h = 0; h < heads; h++) {
          int row = at + (i * heads + h) * cols;
          mask(p, row, q + i, first, near, cols, chosen);
          sinkShares[(start + q + i) * heads + h] = projections.softmax(p, row, cols, h);
        }
      }
      int out = (start + q) * width;
      work.gemm.multiply(
          n,
          dim,
          near,
          p,
          at,
          cols,
          1,
          rows,
          (start + first) * dim,
          dim,
          1,
          outputs,
          out,
          dim,
          false);
      if (far > 0 && stream != null) {
        work.gemm.multiply(
            n,
            dim,
            far,
            p,
            at + near,
            cols,
            1,
            stream.entries(),
            entry * dim,
            dim,
            1,
            outputs,
            out,
            dim,
            true);
      }
      if (scores != null && pass.learnsIndex() && chooser != null) {
        chooser.learn(
            batch,
            span,
            start + q,
            count,
            entry,
            far,
            scores,
            p,
            at + near,
            cols,
            heads,
            pass.indexScale());
      }
      at += n * cols;
    }
  }

  /** Products of n query-like rows with window rows and entries. */
  private void keysProduct(
      float[] x,
      int xAt,
      int n,
      int firstRow,
      int near,
      int entry,
      int far,
      float[] out,
      int at,
      int cols) {
    work.gemm.multiply(
        n, near, dim, x, xAt, dim, 1, rows, firstRow * dim, 1, dim, out, at, cols, false);
    if (far > 0 && stream != null) {
      work.gemm.multiply(
          n,
          far,
          dim,
          x,
          xAt,
          dim,
          1,
          stream.entries(),
          entry * dim,
          1,
          dim,
          out,
          at + near,
          cols,
          false);
    }
  }

  /** Leaves the columns that a query sees; everything else becomes -inf. */
  private void mask(
      float[] p, int row, int position, int first, int near, int cols, int @Nullable [] chosen) {
    float none = Float.NEGATIVE_INFINITY;
    Arrays.fill(p, row, row + firstRow(position) - first, none);
    Arrays.fill(p, row + position - first + 1, row + near, none);
    if (chosen == null) {
      Arrays.fill(p, row + near + visible(position), row + cols, none);
      return;
    }
    int next = 0;
    for (int j : chosen) {
      Arrays.fill(p, row + near + next, row + near + j, none);
      next = j + 1;
    }
    Arrays.fill(p, row + near + next, row + cols, none);
  }

  @Override
  public void backward(PackedBatch batch, float[] x, float[] dy, float[] dx) {
    int tokens = batch.tokens();
    int heads = shape.heads();
    dQueries = Work.grow(dQueries, tokens * width);
    dRows = Work.grow(dRows, tokens * dim);
    dOutputs = projections.outputBackward(tokens, batch::position, dy, outputs);
    float[] dSink = new float[batch.spans() * heads];
    Arrays.fill(dRows, 0, tokens * dim, 0);
    work.pool.run(batch.spans(), (s, worker) -> attendBackward(batch, s, dSink, worker));
    projections.addSinkGradients(dSink);
    projections.queriesBackward(tokens, batch::position, dQueries, x, dx);
    projections.rowsBackward(tokens, batch::position, dRows, x, dx, true);
    if (own && stream != null) {
      stream.backward(batch, x, dx);
    }
  }

  /** Gradients of the index keys that this layer makes, once all indexers over them are done. */
  void finishIndexKeys(PackedBatch batch) {
    if (own && keys != null) {
      keys.backward(batch);
    }
  }

  private void attendBackward(PackedBatch batch, int span, float[] dSink, int worker) {
    int start = batch.start(span);
    int length = batch.length(span);
    int heads = shape.heads();
    int entry = firstEntry(batch, span);
    int at = spanOffsets[span];
    for (int q = 0; q < length; q += tile) {
      int count = Math.min(tile, length - q);
      int first = firstRow(q);
      int near = q + count - first;
      int far = visible(q + count - 1);
      int cols = near + far;
      int n = count * heads;
      float[] p = probabilities;
      float[] d = work.scratch(worker, n * cols);
      int queryAt = (start + q) * width;
      keysProduct(dOutputs, queryAt, n, start + first, near, entry, far, d, 0, cols);
      for (int r = 0; r < n; r++) {
        int row = at + r * cols;
        float mean = work.kernels.dot(p, row, d, r * cols, cols);
        int token = start + q + r / heads;
        dSink[span * heads + r % heads] -= sinkShares[token * heads + r % heads] * mean;
        work.training.softmaxBackward(p, row, d, r * cols, mean, shape.scale(), d, r * cols, cols);
      }
      backwardKeys(d, at, n, cols, 0, near, rows, (start + first) * dim, dRows, queryAt, false);
      if (far > 0 && stream != null) {
        backwardKeys(
            d,
            at,
            n,
            cols,
            near,
            far,
            stream.entries(),
            entry * dim,
            stream.gradient(),
            queryAt,
            true);
      }
      at += n * cols;
    }
  }

  /** Gradients of queries and of {@code count} keys, which are values as well. */
  private void backwardKeys(
      float[] d,
      int p,
      int n,
      int cols,
      int column,
      int count,
      float[] k,
      int kAt,
      float[] dk,
      int queryAt,
      boolean add) {
    work.gemm.multiply(
        n, dim, count, d, column, cols, 1, k, kAt, dim, 1, dQueries, queryAt, dim, add);
    work.gemm.multiply(
        count, dim, n, d, column, 1, cols, queries, queryAt, dim, 1, dk, kAt, dim, true);
    work.gemm.multiply(
        count,
        dim,
        n,
        probabilities,
        p + column,
        1,
        cols,
        dOutputs,
        queryAt,
        dim,
        1,
        dk,
        kAt,
        dim,
        true);
  }
}
