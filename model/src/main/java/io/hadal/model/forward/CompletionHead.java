package io.hadal.model.forward;

import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.CompletionHeadConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.forward.Batch.Span;
import io.hadal.model.weights.CompletionHeadWeights;
import java.util.Objects;

/**
 * Adds the residual head to the logits of positions that fill a hole: those behind the mark, up to
 * the next document. Which ones these are follows from the timeline's tokens alone.
 */
final class CompletionHead {
  private final ModelConfig config;
  private final CompletionHeadConfig shape;
  private final CompletionHeadWeights weights;
  private final Compute compute;
  // Of the last batch, by row.
  private boolean[] filling = new boolean[0];
  private float[] inner = new float[0];
  private float[] residual = new float[0];

  CompletionHead(ModelConfig config, CompletionHeadWeights weights, Compute compute) {
    this.config = config;
    this.shape = Objects.requireNonNull(config.completionHead());
    this.weights = weights;
    this.compute = compute;
  }

  void begin(Batch batch) {
    filling = new boolean[batch.size()];
    for (Span span : batch.spans()) {
      boolean inside = before(span.cache(), span.start());
      for (int i = 0; i < span.count(); i++) {
        int token = span.cache().token(span.start() + i);
        inside = token == shape.tokenId() || (inside && !ends(token));
        filling[span.offset() + i] = inside;
      }
    }
  }

  private boolean before(SequenceCache cache, int position) {
    for (int p = position - 1; p >= 0; p--) {
      int token = cache.token(p);
      if (token == shape.tokenId()) {
        return true;
      }
      if (ends(token)) {
        return false;
      }
    }
    return false;
  }

  private boolean ends(int token) {
    return token == config.bosId() || token == config.eosId();
  }

  /**
   * Adds to the logits of rows of the last batch.
   *
   * @param x normed hidden states {@code [rows, hidden]}
   * @param rows their places in the batch
   * @param logits {@code [rows, vocab]}
   */
  void add(float[] x, int[] rows, float[] logits) {
    int vocab = config.vocabSize();
    inner = Compute.grow(inner, shape.rank());
    residual = Compute.grow(residual, vocab);
    for (int t = 0; t < rows.length; t++) {
      if (filling[rows[t]]) {
        float[] row = new float[config.hiddenSize()];
        System.arraycopy(x, t * row.length, row, 0, row.length);
        compute.matmul(weights.down(), row, row.length, 1, inner, shape.rank());
        compute.matmul(weights.up(), inner, shape.rank(), 1, residual, vocab);
        compute.kernels.addScaled(1, residual, 0, logits, t * vocab, vocab);
      }
    }
  }
}
