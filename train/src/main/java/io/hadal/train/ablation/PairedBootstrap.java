package io.hadal.train.ablation;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Difference of two models in bits a byte over the same documents, with a 95 % interval: documents
 * are drawn with replacement and count for both models at once.
 *
 * @param mean over all documents
 * @param low 2.5 % of the resampled differences lie below
 * @param high 2.5 % lie above
 */
record PairedBootstrap(double mean, double low, double high) {
  private static final int SAMPLES = 10_000;
  private static final long SEED = 20;

  /**
   * Compares two models.
   *
   * @param bits of each document under the one
   * @param others under the other
   * @param bytes of each document
   */
  static PairedBootstrap of(double[] bits, double[] others, long[] bytes) {
    int n = bytes.length;
    double[] differences = new double[n];
    double sum = 0;
    long total = 0;
    for (int i = 0; i < n; i++) {
      differences[i] = bits[i] - others[i];
      sum += differences[i];
      total += bytes[i];
    }
    SplittableRandom random = new SplittableRandom(SEED);
    double[] means = new double[SAMPLES];
    for (int s = 0; s < SAMPLES; s++) {
      double drawn = 0;
      long weight = 0;
      for (int i = 0; i < n; i++) {
        int d = random.nextInt(n);
        drawn += differences[d];
        weight += bytes[d];
      }
      means[s] = drawn / weight;
    }
    Arrays.sort(means);
    int tail = SAMPLES / 40;
    return new PairedBootstrap(sum / total, means[tail], means[SAMPLES - 1 - tail]);
  }
}
