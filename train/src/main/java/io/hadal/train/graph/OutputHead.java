package io.hadal.train.graph;

import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Final norm, logits, with the residual for filling in, and cross-entropy, some rows at a time,
 * with their backward pass.
 */
final class OutputHead {
  /** Rows whose logits are in memory at once. */
  static final int ROWS = 512;

  private final Work work;
  private final int hidden;
  private final int vocab;
  private final RmsNorm norm;
  private final Linear head;
  private final @Nullable CompletionHead completion;
  private float[] normed = new float[0];
  private float[] gathered = new float[0];
  private float[] dNormed = new float[0];
  private float[] logits = new float[0];
  private float[] losses = new float[0];

  OutputHead(Work work, ModelConfig config, ParameterSet set) {
    this.work = work;
    this.hidden = config.hiddenSize();
    this.vocab = config.vocabSize();
    this.norm =
        new RmsNorm(set.constant("norm.weight", Kind.VECTOR, 1, hidden), hidden, config.normEps());
    this.head =
        new Linear(
            set.normal("head.weight", Kind.EMBEDDING, 0.5 / Math.sqrt(hidden), vocab, hidden),
            vocab,
            hidden);
    this.completion =
        config.completionHead() == null
            ? null
            : new CompletionHead(work, config, config.completionHead(), set);
  }

  /** Negative log likelihoods in nats of the tokens of the last call; 0 without a target. */
  float[] losses() {
    return losses;
  }

  /**
   * Loss, and with a gradient its backward pass.
   *
   * @param x collapsed streams {@code [tokens, hidden]}
   * @param scale factor on each token's loss in the gradient
   * @param zLoss weight of the squared log normaliser
   * @param dx out; null for the loss alone
   */
  void run(PackedBatch batch, float[] x, float scale, float zLoss, float @Nullable [] dx) {
    int tokens = batch.tokens();
    normed = Work.grow(normed, tokens * hidden);
    losses = Work.grow(losses, tokens);
    norm.forward(work, tokens, x, normed);
    if (completion != null) {
      completion.begin(batch);
    }
    if (dx != null) {
      dNormed = Work.grow(dNormed, tokens * hidden);
    }
    logits = Work.grow(logits, Math.min(ROWS, tokens) * vocab);
    for (int from = 0; from < tokens; from += ROWS) {
      int first = from;
      int count = Math.min(ROWS, tokens - from);
      project(from, count, logits);
      work.rows(
          count,
          (start, end, worker) -> {
            for (int i = start; i < end; i++) {
              row(i * vocab, batch.target(first + i), first + i, scale, zLoss, dx != null);
            }
          });
      if (dx != null) {
        int at = from * hidden;
        head.backwardInput(work, count, logits, 0, vocab, dNormed, at, hidden, false);
        head.backwardWeight(work, count, logits, 0, vocab, normed, at, hidden);
        if (completion != null) {
          completion.backward(count, i -> first + i, logits, normed, dNormed, at);
        }
      }
    }
    if (dx != null) {
      norm.backward(work, tokens, x, dNormed, dx);
    }
  }

  /** Logits of consecutive tokens of the last {@link #run}. */
  void project(int from, int count, float[] out) {
    head.forward(work, count, normed, from * hidden, hidden, out, 0, vocab);
    if (completion != null) {
      completion.add(count, i -> from + i, normed, from * hidden, out);
    }
  }

  /** Logits of some tokens of the last {@link #run}, at most {@link #ROWS}. */
  void project(int[] tokens, int from, int count, float[] out) {
    gathered = Work.grow(gathered, count * hidden);
    for (int i = 0; i < count; i++) {
      System.arraycopy(normed, tokens[from + i] * hidden, gathered, i * hidden, hidden);
    }
    head.forward(work, count, gathered, 0, hidden, out, 0, vocab);
    if (completion != null) {
      completion.add(count, i -> tokens[from + i], gathered, 0, out);
    }
  }

  /** The matrix that drafters share. */
  Linear matrix() {
    return head;
  }

  private void row(int at, int target, int token, float scale, float zLoss, boolean gradient) {
    if (target < 0) {
      losses[token] = 0;
      if (gradient) {
        Arrays.fill(logits, at, at + vocab, 0);
      }
      return;
    }
    float chosen = logits[at + target];
    float max = work.kernels.max(logits, at, vocab);
    float sum = work.kernels.expAndSum(logits, at, vocab, max);
    double logSum = max + Math.log(sum);
    losses[token] = (float) (logSum - chosen);
    if (gradient) {
      double slope = scale * (1 + 2 * zLoss * logSum);
      work.training.scale((float) (slope / sum), logits, at, vocab);
      logits[at + target] -= scale;
    }
  }
}
