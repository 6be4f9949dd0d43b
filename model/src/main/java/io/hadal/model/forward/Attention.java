package io.hadal.model.forward;

import io.hadal.model.cache.EntryLog;
import io.hadal.model.cache.RowRing;
import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.weights.AttentionWeights;
import io.hadal.model.weights.CompressorWeights;
import io.hadal.model.weights.IndexKeyWeights;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Hybrid attention: window rows and compressed entries under one softmax with a sink (spec 3). */
final class Attention {
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
    int tokens = batch.size();
    RotaryTables.Table rope = rotary.table(lc.rope());
    projectQueries(tokens, layer, w, rope, x);
    projectRows(batch, layer, lc, w, rope, x);
    if (w.indexKeys() instanceof IndexKeyWeights.Compressed(CompressorWeights keys)) {
      compressor.indexKeys(batch, layer, lc, keys, rope, x);
    }
    if (w.compressor() != null) {
      compressor.entries(batch, layer, lc, w, rope, x);
    }
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
      for (int i = 0; i < span.count(); i++) {
        int at = (span.offset() + i) * dim;
        rope.rotate(rows, at + shape.nopeDim(), span.offset() + i, false);
        compute.round(rows, at + shape.nopeDim(), shape.ropeDim());
        if (compute.mode.roundsCaches()) {
          config.windowCode().round(rows, at, dim, shape.ropeDim());
        }
        if (!batch.isProposal()) {
          window.write(span.start() + i, rows, at);
        }
      }
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
    // A lone token is shared out by heads, a chunk by tokens; heads never touch each other.
    int parts =
        tokens >= compute.pool.threads() ? 1 : Math.min(compute.pool.threads(), shape.heads());
    for (Span span : batch.spans()) {
      compute.parallel(
          span.count() * parts,
          (task, worker) -> {
            int i = task / parts;
            int part = task % parts;
            int from = shape.heads() * part / parts;
            int to = shape.heads() * (part + 1) / parts;
            int count =
                batch.isProposal()
                    ? gatherBlock(span, lc, worker)
                    : gather(
                        span.start() + i, span.cache(), lc, selected[span.offset() + i], worker);
            attendHeads(span.offset() + i, from, to, count, w.sink(), worker);
          });
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
  private void attendHeads(int t, int fromHead, int toHead, int count, float[] sink, int worker) {
    int dim = shape.headDim();
    int heads = toHead - fromHead;
    scores[worker] = Compute.grow(scores[worker], heads * count);
    float[] p = scores[worker];
    int at = (t * shape.heads() + fromHead) * dim;
    compute.kernels.dots(queries, at, dim, heads, keys[worker], 0, dim, count, dim, p, 0, count);
    float scale = shape.scale();
    float[] sums = new float[heads];
    for (int h = 0; h < heads; h++) {
      int row = h * count;
      for (int j = 0; j < count; j++) {
        p[row + j] *= scale;
      }
      float max = compute.kernels.max(p, row, count);
      sums[h] = compute.kernels.expAndSum(p, row, count, max);
      sums[h] += (float) Math.exp(sink[fromHead + h] - max);
      compute.round(p, row, count);
    }
    compute.kernels.weightedSums(
        p, 0, count, heads, keys[worker], 0, dim, count, dim, outputs, at, dim);
    for (int h = 0; h < heads; h++) {
      for (int c = at + h * dim; c < at + (h + 1) * dim; c++) {
        outputs[c] /= sums[h];
      }
    }
    compute.round(outputs, at, heads * dim);
  }

  /**
   * Window rows oldest first, then compressed entries in ascending order (spec 3.3); returns their
   * number.
   */
  private int gather(
      int position, SequenceCache cache, LayerConfig lc, int @Nullable [] chosen, int worker) {
    int dim = shape.headDim();
    int held = lc.index() < encoderLayers ? 0 : cache.decodedFrom();
    int first = Math.max(held, position - shape.window() + 1);
    int near = position - first + 1;
    int far = chosen != null ? chosen.length : lc.visibleEntries(position);
    keys[worker] = Compute.grow(keys[worker], (near + far) * dim);
    float[] k = keys[worker];
    RowRing window = cache.layer(lc.index()).window();
    for (int i = 0; i < near; i++) {
      window.read(first + i, k, i * dim);
    }
    if (far > 0) {
      EntryLog entries = Objects.requireNonNull(cache.layer(lc.kvSource()).main()).entries();
      for (int j = 0; j < far; j++) {
        entries.read(chosen != null ? chosen[j] : j, k, (near + j) * dim);
      }
    }
    return near + far;
  }

  /** Window rows before a proposal, then all rows of the proposal itself (V4.1 spec 5). */
  private int gatherBlock(Span span, LayerConfig lc, int worker) {
    int dim = shape.headDim();
    int near = Math.min(shape.window(), span.start());
    keys[worker] = Compute.grow(keys[worker], (near + span.count()) * dim);
    RowRing window = span.cache().layer(lc.index()).window();
    for (int i = 0; i < near; i++) {
      window.read(span.start() - near + i, keys[worker], i * dim);
    }
    System.arraycopy(rows, span.offset() * dim, keys[worker], near * dim, span.count() * dim);
    return near + span.count();
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
