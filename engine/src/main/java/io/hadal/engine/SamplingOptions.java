package io.hadal.engine;

import java.util.Map;

/**
 * How the next token is chosen. Penalties and biases come first, on the logits; then temperature,
 * min-p, top-k and top-p in this order.
 *
 * @param temperature 0 for the most likely token
 * @param topP smallest set of tokens whose probability reaches this; 1 for all
 * @param topK most tokens considered; 0 for all
 * @param minP least probability, as a part of that of the most likely token; 0 for all
 * @param repetition divides positive and multiplies negative logits of tokens of prompt and answer;
 *     1 for none
 * @param presence subtracted from the logit of every token of the answer; 0 for none
 * @param frequency subtracted from a logit for every time the token is in the answer; 0 for none
 * @param bias added to the logits of these tokens
 * @param seed same seed, same prompt, same tokens
 */
public record SamplingOptions(
    double temperature,
    double topP,
    int topK,
    double minP,
    double repetition,
    double presence,
    double frequency,
    Map<Integer, Float> bias,
    long seed) {

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
    if (!(minP >= 0 && minP <= 1)) {
      throw new IllegalArgumentException("min-p must be 0..1, not " + minP);
    }
    if (!(repetition > 0 && repetition <= 100)) {
      throw new IllegalArgumentException(
          "the repetition penalty must be above 0 and at most 100, not " + repetition);
    }
    if (!(Math.abs(presence) <= 100 && Math.abs(frequency) <= 100)) {
      throw new IllegalArgumentException("presence and frequency penalties must be -100..100");
    }
    bias = Map.copyOf(bias);
    for (Map.Entry<Integer, Float> entry : bias.entrySet()) {
      if (entry.getKey() < 0 || !(Math.abs(entry.getValue()) <= 100)) {
        throw new IllegalArgumentException(
            "a logit bias must be -100..100 for an id from 0, not "
                + entry.getValue()
                + " for "
                + entry.getKey());
      }
    }
  }

  /** Without minimum, penalties and biases. */
  public SamplingOptions(double temperature, double topP, int topK, long seed) {
    this(temperature, topP, topK, 0, 1, 0, 0, Map.of(), seed);
  }

  /** The most likely token every time. */
  public static SamplingOptions greedy() {
    return new SamplingOptions(0, 1, 0, 0);
  }

  public SamplingOptions withSeed(long newSeed) {
    return new SamplingOptions(
        temperature, topP, topK, minP, repetition, presence, frequency, bias, newSeed);
  }

  /** True when a choice depends on the tokens before it. */
  public boolean looksBack() {
    return repetition != 1 || presence != 0 || frequency != 0;
  }
}
