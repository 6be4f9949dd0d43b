package io.hadal.train.graph;

import io.hadal.model.config.BlockDraftConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.train.graph.Parameter.Kind;
import java.util.Arrays;

/**
 * Exit of a block drafter (V4.1 spec 5): norm, the trunk's output matrix, a correction from token
 * to token, a confidence; and their losses against the text and the trunk (V4 spec 11).
 *
 * <p>A confidence learns how close the prediction comes to the trunk's, {@code 1 - |p - q| / 2}.
 * Its inputs are cut off, so that it never costs a better prediction.
 */
final class DraftHead {
  /** Columns of the correction's rows that one task of the backward pass sums. */
  private static final int COLUMNS = 64;

  private final Work work;
  private final int hidden;
  private final int vocab;
  private final int rank;
  private final OutputHead trunk;
  private final RmsNorm norm;
  private final Parameter markovEmbed;
  private final Linear markovHead;
  private final Parameter confidence;
  private float[] normed = new float[0];
  private float[] dNormed = new float[0];
  private float[] markov = new float[0];
  private float[] dMarkov = new float[0];
  private float[] logits = new float[0];
  private float[] wanted = new float[0];
  // By row: cross-entropy, distance, cross-entropy of the confidence, agreement; raw confidence.
  private float[] losses = new float[0];
  private float[] scores = new float[0];

  /** Figures of a row in {@link #losses}. */
  private static final int FIGURES = 4;

  /**
   * Declares the parameters.
   *
   * @param prefix of the last stage
   */
  DraftHead(
      Work work,
      ModelConfig config,
      BlockDraftConfig draft,
      ParameterSet set,
      String prefix,
      OutputHead trunk) {
    this.work = work;
    this.hidden = config.hiddenSize();
    this.vocab = config.vocabSize();
    this.rank = draft.markovRank();
    this.trunk = trunk;
    this.norm =
        new RmsNorm(
            set.constant(prefix + "norm.weight", Kind.VECTOR, 1, hidden), hidden, config.normEps());
    this.markovEmbed =
        set.normal(
            prefix + "markov_head.embed.weight", Kind.EMBEDDING, 1 / Math.sqrt(rank), vocab, rank);
    this.markovHead =
        new Linear(
            set.constant(prefix + "markov_head.head.weight", Kind.EMBEDDING, 0, vocab, rank),
            vocab,
            rank);
    this.confidence =
        set.constant(prefix + "confidence_head.proj.weight", Kind.EMBEDDING, 0, 1, hidden + rank);
  }

  /**
   * Losses, and with a gradient the backward pass. The trunk has run on the batch before.
   *
   * @param x collapsed streams {@code [rows, hidden]}
   * @param dx out
   */
  DraftLosses run(DraftRows draft, float[] x, Pass.Drafts pass, float[] dx) {
    int n = draft.count();
    boolean gradient = pass.scale() > 0;
    begin(draft, x);
    losses = Work.grow(losses, n * FIGURES);
    wanted = Work.grow(wanted, Math.min(OutputHead.ROWS, n) * vocab);
    if (gradient) {
      dNormed = Work.grow(dNormed, n * hidden);
      dMarkov = Work.grow(dMarkov, n * rank);
    }
    for (int from = 0; from < n; from += OutputHead.ROWS) {
      int first = from;
      int count = Math.min(OutputHead.ROWS, n - from);
      project(from, count, logits);
      trunk.project(draft.predictors(), from, count, wanted);
      work.rows(
          count,
          (start, end, worker) -> {
            for (int i = start; i < end; i++) {
              row(i * vocab, draft.rows().target(first + i), first + i, pass);
            }
          });
      if (gradient) {
        Linear head = trunk.matrix();
        head.backwardInput(work, count, logits, 0, vocab, dNormed, from * hidden, hidden, false);
        markovHead.backwardInput(work, count, logits, 0, vocab, dMarkov, from * rank, rank, false);
        markovHead.backwardWeight(work, count, logits, 0, vocab, markov, from * rank, rank);
      }
    }
    if (gradient) {
      norm.backward(work, n, x, dNormed, dx);
      embedBackward(draft);
    }
    return confidence(draft, x, pass);
  }

  /** Everything before the logits. */
  private void begin(DraftRows draft, float[] x) {
    int n = draft.count();
    normed = Work.grow(normed, n * hidden);
    markov = Work.grow(markov, n * rank);
    logits = Work.grow(logits, Math.min(OutputHead.ROWS, n) * vocab);
    norm.forward(work, n, x, normed);
    for (int i = 0; i < n; i++) {
      System.arraycopy(markovEmbed.value(), draft.previous(i) * rank, markov, i * rank, rank);
    }
  }

  private void project(int from, int count, float[] out) {
    Linear head = trunk.matrix();
    head.forward(work, count, normed, from * hidden, hidden, out, 0, vocab);
    markovHead.forward(work, count, markov, from * rank, rank, out, 0, vocab, true);
  }

  /** Logits {@code [rows, vocab]} behind the text's own tokens. */
  float[] logits(DraftRows draft, float[] x) {
    begin(draft, x);
    float[] out = new float[draft.count() * vocab];
    project(0, draft.count(), out);
    return out;
  }

  /** Raw confidences of the last {@link #run}, by row. */
  float[] confidences() {
    return scores;
  }

  /** From logits of drafter and trunk to losses, and to the gradient in place of the former. */
  private void row(int at, int target, int row, Pass.Drafts pass) {
    int figure = row * FIGURES;
    if (target < 0) {
      Arrays.fill(losses, figure, figure + FIGURES, 0);
      Arrays.fill(logits, at, at + vocab, 0);
      return;
    }
    int guess = likeliest(logits, at);
    losses[figure + 3] = guess == likeliest(wanted, at) ? 1 : 0;
    float chosen = logits[at + target];
    float max = logits[at + guess];
    float sum = work.kernels.expAndSum(logits, at, vocab, max);
    losses[figure] = (float) (max + Math.log(sum) - chosen);
    work.training.scale(1 / sum, logits, at, vocab);
    float highest = work.kernels.max(wanted, at, vocab);
    work.training.scale(1 / work.kernels.expAndSum(wanted, at, vocab, highest), wanted, at, vocab);
    float distance = 0;
    float mean = 0;
    for (int j = at; j < at + vocab; j++) {
      float q = logits[j];
      float p = wanted[j];
      distance += Math.abs(q - p);
      mean += q * Math.signum(q - p);
    }
    losses[figure + 1] = distance;
    for (int j = at; j < at + vocab; j++) {
      float q = logits[j];
      float slope = 1 + pass.distance() * (Math.signum(q - wanted[j]) - mean);
      logits[j] = pass.scale() * q * slope;
    }
    logits[at + target] -= pass.scale();
  }

  private int likeliest(float[] values, int at) {
    int best = 0;
    for (int i = 1; i < vocab; i++) {
      if (values[at + i] > values[at + best]) {
        best = i;
      }
    }
    return best;
  }

  /** Rows of one id add up in their order: a task has some columns of all rows. */
  private void embedBackward(DraftRows draft) {
    if (markovEmbed.frozen()) {
      return;
    }
    float[] d = markovEmbed.gradient();
    work.pool.run(
        (rank + COLUMNS - 1) / COLUMNS,
        (task, worker) -> {
          int from = task * COLUMNS;
          int n = Math.min(COLUMNS, rank - from);
          for (int i = 0; i < draft.count(); i++) {
            int row = draft.previous(i) * rank + from;
            work.kernels.addScaled(1, dMarkov, i * rank + from, d, row, n);
          }
        });
  }

  /** Confidences with their gradient, and the sums of all losses. */
  private DraftLosses confidence(DraftRows draft, float[] x, Pass.Drafts pass) {
    scores = Work.grow(scores, draft.count());
    float[] w = confidence.value();
    float[] d = confidence.gradient();
    boolean gradient = pass.scale() > 0 && !confidence.frozen();
    double[] sums = new double[FIGURES];
    long targets = 0;
    for (int i = 0; i < draft.count(); i++) {
      float score =
          work.kernels.dot(w, 0, x, i * hidden, hidden)
              + work.kernels.dot(w, hidden, markov, i * rank, rank);
      scores[i] = score;
      if (draft.rows().target(i) < 0) {
        continue;
      }
      targets++;
      float closeness = 1 - losses[i * FIGURES + 1] / 2;
      // -c log s(x) - (1 - c) log(1 - s(x)) with s(x) = 1 / (1 + exp(-x))
      double softplus = Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score)));
      losses[i * FIGURES + 2] = (float) (softplus - closeness * score);
      for (int k = 0; k < FIGURES; k++) {
        sums[k] += losses[i * FIGURES + k];
      }
      if (gradient) {
        float slope = (float) (1 / (1 + Math.exp(-score)) - closeness) * pass.scale();
        work.kernels.addScaled(slope, x, i * hidden, d, 0, hidden);
        work.kernels.addScaled(slope, markov, i * rank, d, hidden, rank);
      }
    }
    return new DraftLosses(sums[0], sums[1], sums[2], Math.round(sums[3]), targets);
  }
}
