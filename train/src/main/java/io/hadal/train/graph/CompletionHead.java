package io.hadal.train.graph;

import io.hadal.model.config.CompletionHeadConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;

/**
 * Low-rank residual of the output head at positions that fill a hole: those behind the mark, up to
 * the end of the document. It begins at zero.
 */
final class CompletionHead {
  private final Work work;
  private final int hidden;
  private final int vocab;
  private final int rank;
  private final int mark;
  private final int bos;
  private final int eos;
  private final Linear down;
  private final Linear up;
  // Of the batch, by token.
  private boolean[] filling = new boolean[0];
  private float[] inner = new float[0];
  private float[] dInner = new float[0];

  CompletionHead(Work work, ModelConfig config, CompletionHeadConfig shape, ParameterSet set) {
    this.work = work;
    this.hidden = config.hiddenSize();
    this.vocab = config.vocabSize();
    this.rank = shape.rank();
    this.mark = shape.tokenId();
    this.bos = config.bosId();
    this.eos = config.eosId();
    this.down =
        new Linear(
            set.normal(
                "completion_head.down.weight", Kind.MATRIX, 1 / Math.sqrt(hidden), rank, hidden),
            rank,
            hidden);
    this.up =
        new Linear(
            set.constant("completion_head.up.weight", Kind.EMBEDDING, 0, vocab, rank), vocab, rank);
  }

  /** Finds the positions; to be called before the others. */
  void begin(PackedBatch batch) {
    filling = new boolean[batch.tokens()];
    for (int s = 0; s < batch.spans(); s++) {
      boolean inside = false;
      for (int t = batch.start(s); t < batch.start(s + 1); t++) {
        int id = batch.id(t);
        inside = id == mark || (inside && id != bos && id != eos);
        filling[t] = inside;
      }
    }
  }

  /** Tokens of the batch that some rows stand for. */
  @FunctionalInterface
  interface Tokens {
    int of(int row);
  }

  /**
   * Adds to logits.
   *
   * @param x normed hidden states {@code [count, hidden]} from {@code xAt}
   * @param logits {@code [count, vocab]}
   */
  void add(int count, Tokens tokens, float[] x, int xAt, float[] logits) {
    if (none(count, tokens)) {
      return;
    }
    inner = Work.grow(inner, count * rank);
    down.forward(work, count, x, xAt, hidden, inner, 0, rank);
    mask(count, tokens, inner);
    up.forward(work, count, inner, 0, rank, logits, 0, vocab, true);
  }

  /** Backward of the last {@link #add} with the same rows; adds to {@code dx}. */
  void backward(int count, Tokens tokens, float[] dLogits, float[] x, float[] dx, int xAt) {
    if (none(count, tokens)) {
      return;
    }
    dInner = Work.grow(dInner, count * rank);
    up.backwardInput(work, count, dLogits, dInner, false);
    mask(count, tokens, dInner);
    up.backwardWeight(work, count, dLogits, inner);
    down.backwardInput(work, count, dInner, 0, rank, dx, xAt, hidden, true);
    down.backwardWeight(work, count, dInner, 0, rank, x, xAt, hidden);
  }

  private boolean none(int count, Tokens tokens) {
    for (int i = 0; i < count; i++) {
      if (filling[tokens.of(i)]) {
        return false;
      }
    }
    return true;
  }

  /** Rows of other positions become zero. */
  private void mask(int count, Tokens tokens, float[] values) {
    for (int i = 0; i < count; i++) {
      if (!filling[tokens.of(i)]) {
        java.util.Arrays.fill(values, i * rank, (i + 1) * rank, 0);
      }
    }
  }
}
