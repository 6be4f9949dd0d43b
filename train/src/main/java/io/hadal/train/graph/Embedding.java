package io.hadal.train.graph;

import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;

/** Token embeddings, copied to every stream. */
final class Embedding {
  /** Columns that one task of the backward pass sums. */
  private static final int COLUMNS = 64;

  private final Work work;
  private final int streams;
  private final int hidden;
  private final Parameter weight;

  Embedding(Work work, ModelConfig config, ParameterSet set) {
    this.work = work;
    this.streams = config.hyper().streams();
    this.hidden = config.hiddenSize();
    this.weight = set.normal("embed.weight", Kind.EMBEDDING, 0.3, config.vocabSize(), hidden);
  }

  /** Fills the streams {@code [tokens, streams, hidden]}. */
  void forward(PackedBatch batch, float[] x) {
    work.rows(
        batch.tokens(),
        (from, to, worker) -> {
          for (int t = from; t < to; t++) {
            for (int j = 0; j < streams; j++) {
              System.arraycopy(
                  weight.value(), batch.id(t) * hidden, x, (t * streams + j) * hidden, hidden);
            }
          }
        });
  }

  /** Tokens of one id add up in their order: a task has some columns of all tokens. */
  void backward(PackedBatch batch, float[] dx) {
    if (weight.frozen()) {
      return;
    }
    work.pool.run(
        (hidden + COLUMNS - 1) / COLUMNS,
        (task, worker) -> {
          int from = task * COLUMNS;
          int n = Math.min(COLUMNS, hidden - from);
          for (int t = 0; t < batch.tokens(); t++) {
            for (int j = 0; j < streams; j++) {
              int at = (t * streams + j) * hidden + from;
              work.kernels.addScaled(1, dx, at, weight.gradient(), batch.id(t) * hidden + from, n);
            }
          }
        });
  }
}
