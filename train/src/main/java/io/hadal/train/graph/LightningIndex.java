package io.hadal.train.graph;

import io.hadal.kernels.TopK;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Indexer of a layer (V4.1 spec 4.2): scores the entries of a stream, chooses the best, and learns
 * to resemble the attention over them. Its inputs are cut off from the rest of the graph, so its
 * gradients are taken in the forward pass.
 */
final class LightningIndex {
  private final Work work;
  private final IndexerConfig index;
  private final int ropeDim;
  private final int dim;
  private final int heads;
  private final Rotary rotary;
  private final Linear queryUp;
  private final Linear headWeights;
  private final Keys keys;
  private float[] queries = new float[0];
  private float[] weights = new float[0];
  private float[] dQueries = new float[0];
  private float[] dWeights = new float[0];
  private int[] @Nullable [] selected = new int[0][];
  private double[] divergences = new double[0];
  private final float[][] scratch;

  /** Index keys of a stream, shared by the indexers over it. */
  static final class Keys {
    private final Work work;
    private final EntryStream stream;
    private final Linear down;
    private final RmsNorm norm;
    private final Rotary rotary;
    private final int dim;
    private final int ropeDim;
    private float[] raw = new float[0];
    private float[] rows = new float[0];
    private float[] gradient = new float[0];

    Keys(
        Work work,
        ModelConfig config,
        ParameterSet set,
        String prefix,
        EntryStream stream,
        Rotary rotary) {
      this.work = work;
      this.stream = stream;
      this.rotary = rotary;
      this.dim = config.indexer().headDim();
      this.ropeDim = config.attention().ropeDim();
      int width = config.attention().headDim();
      this.down =
          new Linear(
              set.normal(
                  prefix + "indexer.wk.weight", Kind.MATRIX, 1 / Math.sqrt(width), dim, width),
              dim,
              width);
      this.norm =
          new RmsNorm(
              set.constant(prefix + "indexer.k_norm.weight", Kind.VECTOR, 1, dim),
              dim,
              config.normEps());
    }

    void forward(PackedBatch batch) {
      int[] first = batch.entryStarts(stream.ratio());
      int count = first[batch.spans()];
      raw = Work.grow(raw, count * dim);
      rows = Work.grow(rows, count * dim);
      gradient = Work.grow(gradient, count * dim);
      java.util.Arrays.fill(gradient, 0, count * dim, 0);
      down.forward(work, count, stream.latents(), raw);
      norm.forward(work, count, raw, rows);
      rotate(batch, first, rows, false);
    }

    /** Backward when all indexers over the stream are done. */
    void backward(PackedBatch batch) {
      int[] first = batch.entryStarts(stream.ratio());
      int count = first[batch.spans()];
      rotate(batch, first, gradient, true);
      norm.backward(work, count, raw, gradient, gradient);
      down.backwardWeight(work, count, gradient, stream.latents());
    }

    private void rotate(PackedBatch batch, int[] first, float[] x, boolean inverse) {
      for (int s = 0; s < batch.spans(); s++) {
        for (int j = 0; j < first[s + 1] - first[s]; j++) {
          int at = (first[s] + j) * dim + dim - ropeDim;
          rotary.rotate(x, at, j * stream.ratio(), inverse);
        }
      }
    }
  }

  LightningIndex(
      Work work, ModelConfig config, ParameterSet set, String prefix, Keys keys, Rotary rotary) {
    this.work = work;
    this.index = config.indexer();
    this.ropeDim = config.attention().ropeDim();
    this.dim = index.headDim();
    this.heads = index.heads();
    this.rotary = rotary;
    this.keys = keys;
    this.scratch = new float[work.pool.threads()][0];
    int rank = config.attention().queryRank();
    this.queryUp =
        new Linear(
            set.normal(
                prefix + "indexer.wq_b.weight",
                Kind.MATRIX,
                1 / Math.sqrt(rank),
                heads * dim,
                rank),
            heads * dim,
            rank);
    this.headWeights =
        new Linear(
            set.normal(
                prefix + "indexer.weights_proj.weight",
                Kind.MATRIX,
                1 / Math.sqrt(config.hiddenSize()),
                heads,
                config.hiddenSize()),
            heads,
            config.hiddenSize());
  }

  int topK() {
    return index.topK();
  }

  /** Choice of every token, ascending; null where all visible entries are taken. */
  int[] @Nullable [] selected() {
    return selected;
  }

  /** Queries and head weights of a batch. */
  void begin(PackedBatch batch, float[] x, float[] latent) {
    int tokens = batch.tokens();
    selected = new int[tokens][];
    divergences = new double[batch.spans()];
    queries = Work.grow(queries, tokens * heads * dim);
    weights = Work.grow(weights, tokens * heads);
    dQueries = Work.grow(dQueries, tokens * heads * dim);
    dWeights = Work.grow(dWeights, tokens * heads);
    java.util.Arrays.fill(dQueries, 0, tokens * heads * dim, 0);
    java.util.Arrays.fill(dWeights, 0, tokens * heads, 0);
    queryUp.forward(work, tokens, latent, queries);
    headWeights.forward(work, tokens, x, weights);
    work.rows(
        tokens,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            rotate(batch, queries, t, false);
          }
          work.training.scale(index.weightScale(), weights, from * heads, (to - from) * heads);
        });
  }

  private void rotate(PackedBatch batch, float[] x, int t, boolean inverse) {
    for (int h = 0; h < heads; h++) {
      rotary.rotate(x, (t * heads + h + 1) * dim - ropeDim, batch.position(t), inverse);
    }
  }

  /**
   * Scores of consecutive tokens of a span against its first entries: {@code [count, entries]} in
   * the worker's memory from 0, behind them the dots of the heads.
   */
  float[] score(int firstToken, int count, int firstEntry, int entries, int worker) {
    // [scores | dots | gradient of the dots | target]
    int need = count * entries * (1 + 2 * heads) + entries;
    scratch[worker] = Work.grow(scratch[worker], need);
    float[] b = scratch[worker];
    int dots = count * entries;
    work.gemm.multiply(
        count * heads,
        entries,
        dim,
        queries,
        firstToken * heads * dim,
        dim,
        1,
        keys.rows,
        firstEntry * dim,
        1,
        dim,
        b,
        dots,
        entries,
        false);
    for (int i = 0; i < count; i++) {
      int out = i * entries;
      java.util.Arrays.fill(b, out, out + entries, 0);
      for (int h = 0; h < heads; h++) {
        float w = weights[(firstToken + i) * heads + h];
        int row = dots + (i * heads + h) * entries;
        for (int j = 0; j < entries; j++) {
          b[out + j] = Math.fma(Math.max(b[row + j], 0), w, b[out + j]);
        }
      }
    }
    return b;
  }

  /** Chooses entries of a token by its scores. */
  void select(int token, float[] scores, int at, int visible) {
    int[] out = new int[index.topK()];
    TopK.select(scores, at, visible, index.topK(), out);
    selected[token] = out;
  }

  /**
   * Learns from the attention of consecutive tokens of a span.
   *
   * @param b result of {@link #score}
   * @param p attention probabilities, the entries of token i and head h at {@code pOffset + (i *
   *     pHeads + h) * pStride}
   * @param scale weight of a token's divergence
   */
  void learn(
      PackedBatch batch,
      int span,
      int firstToken,
      int count,
      int firstEntry,
      int entries,
      float[] b,
      float[] p,
      int pOffset,
      int pStride,
      int pHeads,
      float scale) {
    int dots = count * entries;
    int dDots = dots + count * heads * entries;
    int target = dDots + count * heads * entries;
    java.util.Arrays.fill(b, dDots, target, 0);
    for (int i = 0; i < count; i++) {
      int t = firstToken + i;
      int visible = (batch.position(t) + 1) / keys.stream.ratio();
      if (visible < 2) {
        continue;
      }
      java.util.Arrays.fill(b, target, target + visible, 0);
      double mass = 0;
      for (int h = 0; h < pHeads; h++) {
        work.kernels.addScaled(1, p, pOffset + (i * pHeads + h) * pStride, b, target, visible);
      }
      for (int j = 0; j < visible; j++) {
        mass += b[target + j];
      }
      if (mass < 1e-6) {
        continue;
      }
      work.training.scale((float) (1 / mass), b, target, visible);
      divergences[span] += slopes(b, i * entries, target, visible, selected[t]);
      for (int h = 0; h < heads; h++) {
        int row = (i * heads + h) * entries;
        float w = scale * weights[t * heads + h];
        float sum = 0;
        for (int j = 0; j < visible; j++) {
          if (b[dots + row + j] > 0) {
            b[dDots + row + j] = w * b[target + j];
            sum = Math.fma(b[dots + row + j], b[target + j], sum);
          }
        }
        dWeights[t * heads + h] = scale * sum;
      }
    }
    work.gemm.multiply(
        count * heads,
        dim,
        entries,
        b,
        dDots,
        entries,
        1,
        keys.rows,
        firstEntry * dim,
        dim,
        1,
        dQueries,
        firstToken * heads * dim,
        dim,
        false);
    work.gemm.multiply(
        entries,
        dim,
        count * heads,
        b,
        dDots,
        1,
        entries,
        queries,
        firstToken * heads * dim,
        dim,
        1,
        keys.gradient,
        firstEntry * dim,
        dim,
        true);
  }

  /** Turns a token's target into the slopes of its scores; returns its divergence. */
  private static double slopes(
      float[] b, int scores, int target, int visible, int @Nullable [] chosen) {
    int n = chosen == null ? visible : chosen.length;
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      max = Math.max(max, b[scores + (chosen == null ? i : chosen[i])]);
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(b[scores + (chosen == null ? i : chosen[i])] - max);
    }
    double log = max + Math.log(sum);
    double divergence = 0;
    int next = 0;
    for (int i = 0; i < n; i++) {
      int j = chosen == null ? i : chosen[i];
      java.util.Arrays.fill(b, target + next, target + j, 0);
      next = j + 1;
      double logQ = b[scores + j] - log;
      float p = b[target + j];
      if (p > 0) {
        divergence += p * (Math.log(p) - logQ);
      }
      b[target + j] = (float) (Math.exp(logQ) - p);
    }
    java.util.Arrays.fill(b, target + next, target + visible, 0);
    return divergence;
  }

  /** Sum of the tokens' divergences of the last batch. */
  double divergence() {
    double sum = 0;
    for (double d : divergences) {
      sum += d;
    }
    return sum;
  }

  /** Gradients of the query and weight projections. */
  void finish(PackedBatch batch, float[] x, float[] latent) {
    int tokens = batch.tokens();
    work.rows(
        tokens,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            rotate(batch, dQueries, t, true);
          }
          work.training.scale(index.weightScale(), dWeights, from * heads, (to - from) * heads);
        });
    queryUp.backwardWeight(work, tokens, dQueries, latent);
    headWeights.backwardWeight(work, tokens, dWeights, x);
  }
}
