package io.hadal.engine.memory;

import java.util.Arrays;

/**
 * A file that is being written, with what its own text and its project say about the next token.
 */
public final class OpenText {
  private final ProjectMemory memory;
  private final ContextCounts file;
  private final Mixture mixture;
  private final RecentTokens recent = new RecentTokens();
  private final double[] shares = new double[Mixture.MAX_EXPERTS];
  private double[] extra = new double[0];
  private int[] touched = new int[64];
  private int touches;

  OpenText(ProjectMemory memory, ContextCounts file, Mixture mixture) {
    this.memory = memory;
    this.file = file;
    this.mixture = mixture;
  }

  /** Learns text of the same file that does not stand before the cursor. */
  public void learn(int[] tokens) {
    memory.learnElsewhere(file, tokens);
  }

  /** Takes in the tokens that follow; marks are passed over. */
  public void accept(int... tokens) {
    for (int id : tokens) {
      if (!memory.mark(id)) {
        file.add(recent, id);
        recent.append(id);
      }
    }
  }

  /**
   * The model's prediction of the next token mixed with that of the memory. Marks, such as the end
   * of the text, keep the probability that the model gives them.
   *
   * @param logits the model's, by token id; not changed
   * @return logits of the mixture
   */
  public float[] mix(float[] logits) {
    mixture.look(recent);
    if (mixture.experts() == 0) {
      return logits;
    }
    Model model = new Model(logits);
    double own = shares(model.confidence);
    if (extra.length < logits.length) {
      extra = new double[logits.length];
    }
    for (int e = 0; e < mixture.experts(); e++) {
      double share = shares[e] * model.text;
      mixture.forEach(e, (id, p) -> add(id, share * p));
    }
    float[] mixed = new float[logits.length];
    float ownLog = (float) StrictMath.log(own);
    for (int id = 0; id < mixed.length; id++) {
      mixed[id] = memory.mark(id) ? logits[id] : logits[id] + ownLog;
    }
    for (int i = 0; i < touches; i++) {
      int id = touched[i];
      if (id < mixed.length) {
        double p = own * StrictMath.exp(logits[id] - model.logSum) + extra[id];
        mixed[id] = (float) (StrictMath.log(p) + model.logSum);
      }
      extra[id] = 0;
    }
    touches = 0;
    return mixed;
  }

  private void add(int id, double p) {
    if (id >= extra.length) {
      return;
    }
    if (extra[id] == 0) {
      if (touches == touched.length) {
        touched = Arrays.copyOf(touched, touches * 2);
      }
      touched[touches++] = id;
    }
    extra[id] += p;
  }

  /** Shares of the predictors; returns the model's. */
  private double shares(double confidence) {
    MemoryWeights w = memory.weights();
    double most = w.get(mixture.modelWeight(confidence));
    double model = most;
    for (int e = 0; e < mixture.experts(); e++) {
      shares[e] = w.get(mixture.weight(e));
      most = Math.max(most, shares[e]);
    }
    double sum = StrictMath.exp(model - most);
    model = sum;
    for (int e = 0; e < mixture.experts(); e++) {
      shares[e] = StrictMath.exp(shares[e] - most);
      sum += shares[e];
    }
    for (int e = 0; e < mixture.experts(); e++) {
      shares[e] /= sum;
    }
    return model / sum;
  }

  /** Adds the place before a token to what weights are learnt from. */
  void sample(float[] logits, int next, MemoryFit fit) {
    if (memory.mark(next)) {
      return;
    }
    mixture.look(recent);
    if (mixture.experts() > 0) {
      Model model = new Model(logits);
      double p = StrictMath.exp(logits[next] - model.logSum) / model.text;
      fit.begin(mixture.modelWeight(model.confidence), p);
      for (int e = 0; e < mixture.experts(); e++) {
        fit.predictor(mixture.weight(e), mixture.probability(e, next));
      }
    }
  }

  /** Sums over the model's prediction. */
  private final class Model {
    /** Logarithm of the sum of all exponentials. */
    private final double logSum;

    /** Probability that anything but a mark follows. */
    private final double text;

    /** Largest probability of a token that is no mark, given that none follows. */
    private final double confidence;

    Model(float[] logits) {
      float max = Float.NEGATIVE_INFINITY;
      for (float v : logits) {
        max = Math.max(max, v);
      }
      double all = 0;
      double marks = 0;
      float best = Float.NEGATIVE_INFINITY;
      for (int id = 0; id < logits.length; id++) {
        double v = Math.exp(logits[id] - max);
        all += v;
        if (memory.mark(id)) {
          marks += v;
        } else {
          best = Math.max(best, logits[id]);
        }
      }
      this.logSum = max + StrictMath.log(all);
      this.text = Math.max(1e-12, 1 - marks / all);
      this.confidence = Math.min(1, StrictMath.exp(best - logSum) / text);
    }
  }
}
