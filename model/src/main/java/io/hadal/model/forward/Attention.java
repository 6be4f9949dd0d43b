package io.hadal.model.forward;

import io.hadal.model.cache.RowRing;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.weights.AttentionWeights;
import io.hadal.model.weights.CompressorWeights;
import io.hadal.model.weights.IndexKeyWeights;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Hybrid attention: window rows and compressed entries under one softmax with a sink (spec 3). */
final class Attention {
  /** Rows that one task reads from the caches. */
  private static final int READ_ROWS = 64;

  /** Heads of a task: few enough to share out evenly, enough to use rows well. */
  private static final int PART_HEADS = 16;

  private final ModelConfig config;
  private final AttentionConfig shape;
  private final int encoderLayers;
  private final Compute compute;
  private final RotaryTables rotary;
  private final Compressor compressor;
  private final Indexer indexer;
  private float[] latent = new float[0];
  private float[] queries = new float[0];
  private float[] rows = new float[0];
  private float[] outputs = new float[0];
  private float[] groups = new float[0];
  // Choice of the last indexer that ran in this batch.
  private int[] @Nullable [] published = new int[0][];
  private float[] sharedKeys = new float[0];
  // A little more than a row, so that rows do not meet in the same lines of a cache.
  private final int rowStride;
  private final float[][] keys;
  private final float[][] scores;

  Attention(ModelConfig config, Compute compute, RotaryTables rotary) {
    this.config = config;
    this.shape = config.attention();
    this.encoderLayers = config.encoderLayers();
    this.compute = compute;
    this.rotary = rotary;
    this.compressor = new Compressor(config, compute);
    this.indexer = new Indexer(config, compute);
    this.rowStride = shape.headDim() + 16;
    this.keys = Compute.perWorker(compute.pool);
    this.scores = Compute.perWorker(compute.pool);
  }

  /**
   * One attention sublayer.
   *
   * @param layer number for probes, negative for none
   * @param x normalised input {@code [tokens, hidden]}
   * @param out {@code [tokens, hidden]}
   */
  void forward(Batch batch, int layer, LayerConfig lc, AttentionWeights w, float[] x, float[] out) {
    projectQueries(batch.size(), layer, w, rotary.table(lc.rope()), x);
    remember(batch, layer, lc, w, x);
    answer(batch, layer, lc, w, x, out);
  }

  /** {@link #remember} has run for the whole batch: the queries of some of its rows. */
  void queryPart(
      Batch part,
      int[] rows,
      int layer,
      LayerConfig lc,
      AttentionWeights w,
      float[] x,
      float[] out) {
    for (int i = 0; i < rows.length && rows[i] < published.length; i++) {
      published[i] = published[rows[i]];
    }
    indexer.keep(rows);
    projectQueries(part.size(), layer, w, rotary.table(lc.rope()), x);
    answer(part, layer, lc, w, x, out);
  }

  /** What later tokens may attend to: rows, index keys and compressed entries, into the caches. */
  void remember(Batch batch, int layer, LayerConfig lc, AttentionWeights w, float[] x) {
    RotaryTables.Table rope = rotary.table(lc.rope());
    projectRows(batch, layer, lc, w, rope, x);
    if (w.indexKeys() instanceof IndexKeyWeights.Compressed(CompressorWeights keys)) {
      compressor.indexKeys(batch, layer, lc, keys, rope, x);
    }
    if (w.compressor() != null) {
      compressor.entries(batch, layer, lc, w, rope, x);
    }
  }

  private void answer(
      Batch batch, int layer, LayerConfig lc, AttentionWeights w, float[] x, float[] out) {
    int tokens = batch.size();
    RotaryTables.Table rope = rotary.table(lc.rope());
    if (w.indexer() != null) {
      published = indexer.select(batch, layer, lc, w.indexer(), rope, x, latent);
    }
    // A layer without an indexer of its own goes by the choice published last.
    int[] @Nullable [] selected = lc.indexed() ? published : new int[tokens][];
    probeSelection(batch, layer, lc, selected);
    attend(batch, layer, lc, w, rope, selected);
    project(tokens, layer, w, out);
  }

  /** Queries of every head: low rank, normalised per head, rotated (spec 3.2). */
  private void projectQueries(
      int tokens, int layer, AttentionWeights w, RotaryTables.Table rope, float[] x) {
    int rank = shape.queryRank();
    int width = shape.heads() * shape.headDim();
    latent = Compute.grow(latent, tokens * rank);
    queries = Compute.grow(queries, tokens * width);
    compute.linear(w.wqA(), x, config.hiddenSize(), tokens, latent, rank);
    compute.norm(latent, tokens, rank, w.qNorm(), config.normEps(), latent);
    compute.linear(w.wqB(), latent, rank, tokens, queries, width);
    compute.forRows(
        tokens,
        (t, worker) -> {
          for (int h = 0; h < shape.heads(); h++) {
            int at = t * width + h * shape.headDim();
            if (shape.headNorm()) {
              normalizeHead(at);
            }
            rope.rotate(queries, at + shape.nopeDim(), t, false);
            compute.round(queries, at + shape.nopeDim(), shape.ropeDim());
          }
        });
    compute.probe(layer, "qr", latent, tokens, rank);
    compute.probe(layer, "q", queries, tokens, width);
  }

  /** Unweighted RMS norm of one head; official mode rounds every step to bf16. */
  private void normalizeHead(int at) {
    int n = shape.headDim();
    if (!compute.mode.roundsActivations()) {
      compute.kernels.rmsNorm(queries, at, n, null, config.normEps(), queries, at);
      return;
    }
    float[] one = new float[1];
    float sum = 0;
    for (int i = 0; i < n; i++) {
      one[0] = queries[at + i] * queries[at + i];
      compute.round(one, 0, 1);
      sum += one[0];
    }
    one[0] = sum / n;
    compute.round(one, 0, 1);
    one[0] += config.normEps();
    compute.round(one, 0, 1);
    one[0] = (float) (1 / Math.sqrt(one[0]));
    compute.round(one, 0, 1);
    for (int i = 0; i < n; i++) {
      queries[at + i] *= one[0];
    }
    compute.round(queries, at, n);
  }

  /** The shared key-value row of every token, into the windows (spec 3.2, 3.6). */
  void projectRows(
      Batch batch,
      int layer,
      LayerConfig lc,
      AttentionWeights w,
      RotaryTables.Table rope,
      float[] x) {
    int tokens = batch.size();
    int dim = shape.headDim();
    rows = Compute.grow(rows, tokens * dim);
    compute.linear(w.wkv(), x, config.hiddenSize(), tokens, rows, dim);
    compute.norm(rows, tokens, dim, w.kvNorm(), config.normEps(), rows);
    for (Span span : batch.spans()) {
      RowRing window = span.cache().layer(lc.index()).window();
      // Tasks have no order, so of positions that share a slot only the last is written.
      int first = batch.isProposal() ? span.count() : span.count() - window.capacity();
      compute.forRows(
          span.count(),
          (i, worker) -> {
            int at = (span.offset() + i) * dim;
            rope.rotate(rows, at + shape.nopeDim(), span.offset() + i, false);
            compute.round(rows, at + shape.nopeDim(), shape.ropeDim());
            if (compute.roundsRows) {
              config.windowCode().round(rows, at, dim, shape.ropeDim());
            }
            if (i >= first) {
              window.write(span.start() + i, rows, at);
            }
          });
    }
    compute.probe(layer, "kv", rows, tokens, dim);
  }

  private void attend(
      Batch batch,
      int layer,
      LayerConfig lc,
      AttentionWeights w,
      RotaryTables.Table rope,
      int[] @Nullable [] selected) {
    int tokens = batch.size();
    int width = shape.heads() * shape.headDim();
    outputs = Compute.grow(outputs, tokens * width);
    for (Span span : batch.spans()) {
      // Few tokens are shared out by heads, a chunk by tokens; heads never touch each other.
      if (tokens >= compute.pool.threads()) {
        compute.parallel(
            span.count(),
            (i, worker) -> {
              KeyRows keyRows = keyRows(batch, span, i, lc, selected);
              int count = keyRows.count();
              keys[worker] = Compute.grow(keys[worker], count * rowStride);
              keyRows.read(0, count, shape.headDim(), keys[worker], rowStride);
              int t = span.offset() + i;
              attendHeads(t, 0, shape.heads(), count, keys[worker], w.sink(), worker);
            });
      } else {
        for (int i = 0; i < span.count(); i++) {
          attendByHeads(span.offset() + i, keyRows(batch, span, i, lc, selected), w.sink());
        }
      }
    }
    compute.probe(layer, "o_rope", outputs, tokens, width);
    compute.forRows(
        tokens,
        (t, worker) -> {
          for (int h = 0; h < shape.heads(); h++) {
            int at = t * width + h * shape.headDim() + shape.nopeDim();
            rope.rotate(outputs, at, t, true);
            compute.round(outputs, at, shape.ropeDim());
          }
        });
    compute.probe(layer, "o", outputs, tokens, width);
  }

  private KeyRows keyRows(
      Batch batch, Span span, int i, LayerConfig lc, int[] @Nullable [] selected) {
    if (batch.isProposal()) {
      return KeyRows.ofBlock(span, lc, shape.window(), rows, span.offset() * shape.headDim());
    }
    boolean encoder = lc.index() < encoderLayers;
    int[] chosen = selected[span.offset() + i];
    return KeyRows.of(span.cache(), lc, span.start() + i, shape.window(), encoder, chosen);
  }

  /** One query: its rows are read once for all heads. */
  private void attendByHeads(int t, KeyRows keyRows, float[] sink) {
    int count = keyRows.count();
    sharedKeys = Compute.grow(sharedKeys, count * rowStride);
    float[] k = sharedKeys;
    compute.parallel(
        (count + READ_ROWS - 1) / READ_ROWS,
        (task, worker) -> {
          int from = task * READ_ROWS;
          int to = Math.min(count, from + READ_ROWS);
          keyRows.read(from, to, shape.headDim(), k, rowStride);
        });
    int heads = shape.heads();
    int parts = Math.min(heads, Math.max(compute.pool.threads(), heads / PART_HEADS));
    compute.parallel(
        parts,
        (part, worker) -> {
          int from = heads * part / parts;
          attendHeads(t, from, heads * (part + 1) / parts, count, k, sink, worker);
        });
  }

  /** Compressed entries each query attends to, padded with -1. */
  private void probeSelection(Batch batch, int layer, LayerConfig lc, int[] @Nullable [] selected) {
    int width = lc.visibleEntries(batch.position(batch.size() - 1));
    if (compute.probe == null || layer < 0 || width == 0) {
      return;
    }
    float[] seen = new float[batch.size() * width];
    Arrays.fill(seen, -1);
    for (int t = 0; t < batch.size(); t++) {
      int[] chosen = selected[t];
      int count = chosen != null ? chosen.length : lc.visibleEntries(batch.position(t));
      for (int j = 0; j < count; j++) {
        seen[t * width + j] = chosen != null ? chosen[j] : j;
      }
    }
    compute.probe(layer, "selected", seen, batch.size(), width);
  }

  /** Core attention of some heads of one query (spec 3.4). */
  private void attendHeads(
      int t, int fromHead, int toHead, int count, float[] k, float[] sink, int worker) {
    int dim = shape.headDim();
    int heads = toHead - fromHead;
    // [weights of every head | their sums]
    scores[worker] = Compute.grow(scores[worker], heads * (count + 1));
    float[] p = scores[worker];
    int sums = heads * count;
    int at = (t * shape.heads() + fromHead) * dim;
    compute.kernels.dots(queries, at, dim, heads, k, 0, rowStride, count, dim, p, 0, count);
    float scale = shape.scale();
    for (int h = 0; h < heads; h++) {
      int row = h * count;
      for (int j = row; j < row + count; j++) {
        p[j] *= scale;
      }
      float max = compute.kernels.max(p, row, count);
      float sum = compute.kernels.expAndSum(p, row, count, max);
      p[sums + h] = sum + (float) Math.exp(sink[fromHead + h] - max);
      compute.round(p, row, count);
    }
    compute.kernels.weightedSums(p, 0, count, heads, k, 0, rowStride, count, dim, outputs, at, dim);
    for (int h = 0; h < heads; h++) {
      float sum = p[sums + h];
      for (int c = at + h * dim; c < at + (h + 1) * dim; c++) {
        outputs[c] /= sum;
      }
    }
    compute.round(outputs, at, heads * dim);
  }

  /** Grouped low-rank output (spec 3.5). */
  private void project(int tokens, int layer, AttentionWeights w, float[] out) {
    int width = shape.heads() * shape.headDim();
    int inner = shape.outGroups() * shape.outRank();
    groups = Compute.grow(groups, tokens * inner);
    compute.grouped(w.woA(), shape.outGroups(), outputs, width, tokens, groups, inner);
    compute.probe(layer, "wo_a", groups, tokens, inner);
    compute.linear(w.woB(), groups, inner, tokens, out, config.hiddenSize());
    compute.probe(layer, "attn_out", out, tokens, config.hiddenSize());
  }
}
