package io.hadal.train.graph;

import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.BlockDraftConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.Arrays;

/**
 * Attention of a block drafter's stage: all rows of a proposal see the window of context rows
 * before the anchor and each other (V4.1 spec 5).
 */
final class DraftAttention implements Block.Attention {
  private final Work work;
  private final AttentionConfig shape;
  private final int hidden;
  private final int dim;
  private final int width;
  private final AttentionProjections projections;
  private DraftRows draft;
  private float[] context = new float[0];
  private float[] dContext = new float[0];
  // Context rows, then those of the proposals.
  private float[] inputs = new float[0];
  private float[] dInputs = new float[0];
  private float[] rows = new float[0];
  private float[] dRows = new float[0];
  private float[] queries = new float[0];
  private float[] dQueries = new float[0];
  private float[] outputs = new float[0];
  private float[] dOutputs = new float[0];
  private float[] probabilities = new float[0];
  private float[] sinkShares = new float[0];

  DraftAttention(
      Work work,
      ModelConfig config,
      BlockDraftConfig drafter,
      LayerConfig stage,
      ParameterSet set,
      String prefix) {
    this.work = work;
    this.shape = config.attention();
    this.hidden = config.hiddenSize();
    this.dim = shape.headDim();
    this.width = shape.heads() * dim;
    this.projections = new AttentionProjections(work, config, stage, set, prefix);
    this.draft = DraftRows.none(drafter);
  }

  /**
   * Sets what the next passes work on.
   *
   * @param main context vectors {@code [tokens, hidden]} of the batch
   * @param dMain their gradients, which the backward pass adds to
   */
  void begin(DraftRows proposals, float[] main, float[] dMain) {
    draft = proposals;
    context = main;
    dContext = dMain;
  }

  private int position(int row) {
    int tokens = draft.source().tokens();
    return row < tokens ? draft.source().position(row) : draft.position(row - tokens);
  }

  /** Context rows that a proposal sees. */
  private int near(int proposal) {
    return Math.min(shape.window(), draft.source().position(draft.anchor(proposal)));
  }

  @Override
  public void forward(PackedBatch batch, float[] x, float[] y, Pass pass) {
    int tokens = draft.source().tokens();
    int n = batch.tokens();
    int all = tokens + n;
    inputs = Work.grow(inputs, all * hidden);
    System.arraycopy(context, 0, inputs, 0, tokens * hidden);
    System.arraycopy(x, 0, inputs, tokens * hidden, n * hidden);
    int longest = 0;
    for (int s = 0; s < draft.source().spans(); s++) {
      longest = Math.max(longest, draft.source().length(s));
    }
    projections.rotary().require(longest + draft.size());
    queries = projections.queries(n, draft::position, x);
    rows = projections.rows(all, this::position, inputs);
    outputs = Work.grow(outputs, n * width);
    probabilities = Work.grow(probabilities, n * shape.heads() * (shape.window() + draft.size()));
    sinkShares = Work.grow(sinkShares, n * shape.heads());
    work.pool.run(n / draft.size(), (proposal, worker) -> attend(proposal));
    projections.output(n, draft::position, outputs, y);
  }

  /** Where a proposal's probabilities begin. */
  private int place(int proposal) {
    return proposal * draft.size() * shape.heads() * (shape.window() + draft.size());
  }

  private void attend(int proposal) {
    int near = near(proposal);
    int cols = near + draft.size();
    int n = draft.size() * shape.heads();
    int at = place(proposal);
    int row = proposal * n;
    float[] p = probabilities;
    products(queries, row, proposal, p, at);
    for (int r = 0; r < n; r++) {
      sinkShares[row + r] = projections.softmax(p, at + r * cols, cols, r % shape.heads());
    }
    int keys = (draft.anchor(proposal) - near) * dim;
    int own = (draft.source().tokens() + proposal * draft.size()) * dim;
    int out = row * dim;
    work.gemm.multiply(n, dim, near, p, at, cols, 1, rows, keys, dim, 1, outputs, out, dim, false);
    work.gemm.multiply(
        n, dim, draft.size(), p, at + near, cols, 1, rows, own, dim, 1, outputs, out, dim, true);
  }

  /** Products of a proposal's query-like rows with all rows it sees. */
  private void products(float[] x, int row, int proposal, float[] out, int at) {
    int near = near(proposal);
    int cols = near + draft.size();
    int n = draft.size() * shape.heads();
    int keys = (draft.anchor(proposal) - near) * dim;
    int own = (draft.source().tokens() + proposal * draft.size()) * dim;
    work.gemm.multiply(
        n, near, dim, x, row * dim, dim, 1, rows, keys, 1, dim, out, at, cols, false);
    work.gemm.multiply(
        n, draft.size(), dim, x, row * dim, dim, 1, rows, own, 1, dim, out, at + near, cols, false);
  }

  @Override
  public void backward(PackedBatch batch, float[] x, float[] dy, float[] dx) {
    PackedBatch source = draft.source();
    int tokens = source.tokens();
    int n = batch.tokens();
    int all = tokens + n;
    int heads = shape.heads();
    dQueries = Work.grow(dQueries, n * width);
    dRows = Work.grow(dRows, all * dim);
    dInputs = Work.grow(dInputs, all * hidden);
    dOutputs = projections.outputBackward(n, draft::position, dy, outputs);
    float[] dSink = new float[source.spans() * heads];
    Arrays.fill(dRows, 0, all * dim, 0);
    // Proposals of a span share context rows.
    work.pool.run(
        source.spans(),
        (span, worker) -> {
          for (int b = draft.start(span); b < draft.start(span + 1); b++) {
            attendBackward(b, dSink, span * heads, worker);
          }
        });
    projections.addSinkGradients(dSink);
    projections.queriesBackward(n, draft::position, dQueries, x, dx);
    projections.rowsBackward(all, this::position, dRows, inputs, dInputs, false);
    work.kernels.addScaled(1, dInputs, 0, dContext, 0, tokens * hidden);
    work.kernels.addScaled(1, dInputs, tokens * hidden, dx, 0, n * hidden);
  }

  private void attendBackward(int proposal, float[] dSink, int sinkAt, int worker) {
    int near = near(proposal);
    int size = draft.size();
    int heads = shape.heads();
    int cols = near + size;
    int n = size * heads;
    int at = place(proposal);
    int row = proposal * n;
    float[] p = probabilities;
    float[] d = work.scratch(worker, n * cols);
    products(dOutputs, row, proposal, d, 0);
    for (int r = 0; r < n; r++) {
      float mean = work.kernels.dot(p, at + r * cols, d, r * cols, cols);
      dSink[sinkAt + r % heads] -= sinkShares[row + r] * mean;
      work.training.softmaxBackward(
          p, at + r * cols, d, r * cols, mean, shape.scale(), d, r * cols, cols);
    }
    int keys = (draft.anchor(proposal) - near) * dim;
    int own = (draft.source().tokens() + proposal * size) * dim;
    keysBackward(d, 0, at, n, cols, near, keys, row * dim, false);
    keysBackward(d, near, at, n, cols, size, own, row * dim, true);
  }

  /** Gradients of queries and of {@code count} keys, which are values as well. */
  private void keysBackward(
      float[] d, int column, int p, int n, int cols, int count, int keys, int query, boolean add) {
    work.gemm.multiply(
        n, dim, count, d, column, cols, 1, rows, keys, dim, 1, dQueries, query, dim, add);
    work.gemm.multiply(
        count, dim, n, d, column, 1, cols, queries, query, dim, 1, dRows, keys, dim, true);
    work.gemm.multiply(
        count,
        dim,
        n,
        probabilities,
        p + column,
        1,
        cols,
        dOutputs,
        query,
        dim,
        1,
        dRows,
        keys,
        dim,
        true);
  }
}
