package io.hadal.engine.memory;

import java.util.Arrays;

/**
 * Learns the weights of a project memory from text that neither the model nor the memory has seen:
 * gradient descent on the code length of the mixture, one weight at a time scaled by the size of
 * its past gradients (Adagrad), in a fixed order.
 */
public final class MemoryFit {
  private static final double RATE = 0.3;

  private short[] weight = new short[1 << 16];
  private float[] probability = new float[1 << 16];
  private int[] start = new int[1 << 12];
  private int values;
  private int places;

  /** Adds the place before a token of an open text. */
  public void add(OpenText text, float[] logits, int next) {
    text.sample(logits, next, this);
  }

  /** Places to learn from. */
  public int places() {
    return places;
  }

  void begin(int modelWeight, double p) {
    if (places + 1 >= start.length) {
      start = Arrays.copyOf(start, start.length * 2);
    }
    start[places++] = values;
    predictor(modelWeight, p);
    start[places] = values;
  }

  void predictor(int index, double p) {
    if (values == weight.length) {
      weight = Arrays.copyOf(weight, values * 2);
      probability = Arrays.copyOf(probability, values * 2);
    }
    weight[values] = (short) index;
    probability[values++] = (float) p;
    start[places] = values;
  }

  /**
   * The weights after some passes over the places.
   *
   * @param passes 1 or more
   */
  public MemoryWeights fit(int passes) {
    double[] w = new double[Mixture.WEIGHTS];
    Arrays.setAll(w, Mixture::startWeight);
    double[] squares = new double[Mixture.WEIGHTS];
    Arrays.fill(squares, 1);
    double[] share = new double[Mixture.MAX_EXPERTS + 1];
    for (int pass = 0; pass < passes; pass++) {
      for (int i = 0; i < places; i++) {
        step(w, squares, share, start[i], start[i + 1]);
      }
    }
    float[] result = new float[w.length];
    for (int i = 0; i < w.length; i++) {
      result[i] = (float) w[i];
    }
    return new MemoryWeights(result);
  }

  private void step(double[] w, double[] squares, double[] share, int from, int to) {
    double most = Double.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      most = Math.max(most, w[weight[i]]);
    }
    double sum = 0;
    double p = 0;
    for (int i = from; i < to; i++) {
      double s = StrictMath.exp(w[weight[i]] - most);
      share[i - from] = s;
      sum += s;
      p += s * probability[i];
    }
    p = Math.max(p / sum, 1e-12);
    for (int i = from; i < to; i++) {
      double s = share[i - from] / sum;
      // Gradient of -ln p by the weight.
      double gradient = s - s * probability[i] / p;
      squares[weight[i]] += gradient * gradient;
      double next = w[weight[i]] - RATE * gradient / Math.sqrt(squares[weight[i]]);
      w[weight[i]] = Math.max(-12, Math.min(12, next));
    }
  }
}
