package io.hadal.train.graph;

import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;

/**
 * What surrounds the core of attention (V4.1 spec 4.2): low-rank queries, the row that is key and
 * value of all heads, the sinks, the grouped low-rank output.
 */
final class AttentionProjections {
  private final Work work;
  private final AttentionConfig shape;
  private final int width;
  private final int inner;
  private final Rotary rotary;
  private final Linear queryDown;
  private final RmsNorm queryNorm;
  private final Linear queryUp;
  private final Linear rowDown;
  private final RmsNorm rowNorm;
  private final Parameter sink;
  private final Linear[] outGroups;
  private final Linear outUp;
  private float[] rawLatent = new float[0];
  private float[] latent = new float[0];
  private float[] queries = new float[0];
  private float[] rawRows = new float[0];
  private float[] rows = new float[0];
  private float[] groups = new float[0];
  private float[] dLatent = new float[0];
  private float[] dGroups = new float[0];
  private float[] dOutputs = new float[0];

  AttentionProjections(
      Work work, ModelConfig config, LayerConfig layer, ParameterSet set, String prefix) {
    this.work = work;
    this.shape = config.attention();
    int hidden = config.hiddenSize();
    int dim = shape.headDim();
    this.width = shape.heads() * dim;
    this.inner = shape.outGroups() * shape.outRank();
    this.rotary = new Rotary(shape.ropeDim(), layer.rope());
    int rank = shape.queryRank();
    this.queryDown = matrix(set, prefix + "wq_a.weight", rank, hidden, 1);
    this.queryNorm = norm(config, set, prefix + "q_norm.weight", rank);
    this.queryUp = matrix(set, prefix + "wq_b.weight", width, rank, 1);
    this.rowDown = matrix(set, prefix + "wkv.weight", dim, hidden, 1);
    this.rowNorm = norm(config, set, prefix + "kv_norm.weight", dim);
    this.sink = set.constant(prefix + "attn_sink", Kind.VECTOR, 0, shape.heads());
    int groupWidth = shape.groupWidth();
    Parameter woA =
        set.normal(
            prefix + "wo_a.weight", Kind.MATRIX, 1 / Math.sqrt(groupWidth), inner, groupWidth);
    this.outGroups = new Linear[shape.outGroups()];
    for (int g = 0; g < outGroups.length; g++) {
      int offset = g * shape.outRank() * groupWidth;
      outGroups[g] = new Linear(woA, offset, shape.outRank(), groupWidth);
    }
    double depth = 1 / Math.sqrt(2.0 * config.layers().size());
    this.outUp = matrix(set, prefix + "wo_b.weight", hidden, inner, depth);
  }

  private static Linear matrix(ParameterSet set, String name, int out, int in, double gain) {
    return new Linear(set.normal(name, Kind.MATRIX, gain / Math.sqrt(in), out, in), out, in);
  }

  private static RmsNorm norm(ModelConfig config, ParameterSet set, String name, int n) {
    return new RmsNorm(set.constant(name, Kind.VECTOR, 1, n), n, config.normEps());
  }

  /** Rotation of everything in the layer. */
  Rotary rotary() {
    return rotary;
  }

  /** Normalised latent {@code [tokens, rank]} of the last {@link #queries}. */
  float[] latent() {
    return latent;
  }

  /**
   * Softmax of a head's raw scores in place, with the sink in the denominator.
   *
   * @return share of the sink
   */
  float softmax(float[] p, int row, int cols, int head) {
    work.training.scale(shape.scale(), p, row, cols);
    float max = work.kernels.max(p, row, cols);
    float sum = work.kernels.expAndSum(p, row, cols, max);
    float rest = (float) Math.exp(sink.value()[head] - max);
    float r = 1 / (sum + rest);
    work.training.scale(r, p, row, cols);
    return rest * r;
  }

  /** Adds gradients of the sinks, all heads of one span after the other. */
  void addSinkGradients(float[] d) {
    for (int i = 0; i < d.length; i++) {
      sink.gradient()[i % shape.heads()] += d[i];
    }
  }

  /** Place of a token, for rotations. */
  @FunctionalInterface
  interface Positions {
    int of(int token);
  }

  /** Rotates the last channels of every head. */
  void rotate(int tokens, Positions positions, float[] x, int heads, boolean inverse) {
    work.rows(
        tokens,
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            for (int h = 0; h < heads; h++) {
              int at = (t * heads + h) * shape.headDim() + shape.nopeDim();
              rotary.rotate(x, at, positions.of(t), inverse);
            }
          }
        });
  }

  /**
   * Queries of all heads.
   *
   * @param x normalised input {@code [tokens, hidden]}
   * @return {@code [tokens, heads, head_dim]}, rotated
   */
  float[] queries(int tokens, Positions positions, float[] x) {
    rawLatent = Work.grow(rawLatent, tokens * shape.queryRank());
    latent = Work.grow(latent, tokens * shape.queryRank());
    queries = Work.grow(queries, tokens * width);
    queryDown.forward(work, tokens, x, rawLatent);
    queryNorm.forward(work, tokens, rawLatent, latent);
    queryUp.forward(work, tokens, latent, queries);
    rotate(tokens, positions, queries, shape.heads(), false);
    return queries;
  }

  /**
   * Rows that are keys and values.
   *
   * @return {@code [tokens, head_dim]}, rotated
   */
  float[] rows(int tokens, Positions positions, float[] x) {
    rawRows = Work.grow(rawRows, tokens * shape.headDim());
    rows = Work.grow(rows, tokens * shape.headDim());
    rowDown.forward(work, tokens, x, rawRows);
    rowNorm.forward(work, tokens, rawRows, rows);
    rotate(tokens, positions, rows, 1, false);
    return rows;
  }

  /**
   * Output of the sublayer.
   *
   * @param outputs of the heads {@code [tokens, heads, head_dim]}; rotated back in place
   * @param y out {@code [tokens, hidden]}
   */
  void output(int tokens, Positions positions, float[] outputs, float[] y) {
    groups = Work.grow(groups, tokens * inner);
    rotate(tokens, positions, outputs, shape.heads(), true);
    for (int g = 0; g < outGroups.length; g++) {
      outGroups[g].forward(
          work, tokens, outputs, g * shape.groupWidth(), width, groups, g * shape.outRank(), inner);
    }
    outUp.forward(work, tokens, groups, y);
  }

  /**
   * Backward of {@link #output}.
   *
   * @return gradient of the heads' outputs before they were rotated back
   */
  float[] outputBackward(int tokens, Positions positions, float[] dy, float[] outputs) {
    dOutputs = Work.grow(dOutputs, tokens * width);
    dGroups = Work.grow(dGroups, tokens * inner);
    outUp.backwardInput(work, tokens, dy, dGroups, false);
    outUp.backwardWeight(work, tokens, dy, groups);
    for (int g = 0; g < outGroups.length; g++) {
      int in = g * shape.groupWidth();
      int out = g * shape.outRank();
      outGroups[g].backwardInput(work, tokens, dGroups, out, inner, dOutputs, in, width, false);
      outGroups[g].backwardWeight(work, tokens, dGroups, out, inner, outputs, in, width);
    }
    rotate(tokens, positions, dOutputs, shape.heads(), false);
    return dOutputs;
  }

  /**
   * Backward of {@link #queries}.
   *
   * @param dQueries rotated back in place
   * @param dx out: set
   */
  void queriesBackward(int tokens, Positions positions, float[] dQueries, float[] x, float[] dx) {
    dLatent = Work.grow(dLatent, tokens * shape.queryRank());
    rotate(tokens, positions, dQueries, shape.heads(), true);
    queryUp.backwardInput(work, tokens, dQueries, dLatent, false);
    queryUp.backwardWeight(work, tokens, dQueries, latent);
    queryNorm.backward(work, tokens, rawLatent, dLatent, dLatent);
    queryDown.backwardInput(work, tokens, dLatent, dx, false);
    queryDown.backwardWeight(work, tokens, dLatent, x);
  }

  /**
   * Backward of {@link #rows}.
   *
   * @param dRows overwritten
   * @param dx out: added to, or set
   */
  void rowsBackward(
      int tokens, Positions positions, float[] dRows, float[] x, float[] dx, boolean add) {
    rotate(tokens, positions, dRows, 1, true);
    rowNorm.backward(work, tokens, rawRows, dRows, dRows);
    rowDown.backwardInput(work, tokens, dRows, dx, add);
    rowDown.backwardWeight(work, tokens, dRows, x);
  }
}
