package io.hadal.engine;

/**
 * How the next token is chosen.
 *
 * @param temperature 0 for the most likely token
 * @param topP smallest set of tokens whose probability reaches this; 1 for all
 * @param topK most tokens considered; 0 for all
 * @param seed same seed, same prompt, same tokens
 */
public record SamplingOptions(double temperature, double topP, int topK, long seed) {

  public SamplingOptions {
    if (!(temperature >= 0 && temperature <= 100)) {
      throw new IllegalArgumentException("temperature must be 0..100, not " + temperature);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("top-p must be above 0 and at most 1, not " + topP);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("top-k must not be negative, is " + topK);
    }
  }

  /** The most likely token every time. */
  public static SamplingOptions greedy() {
    return new SamplingOptions(0, 1, 0, 0);
  }
}
