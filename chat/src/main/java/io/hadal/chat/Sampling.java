package io.hadal.chat;

import io.hadal.engine.SamplingOptions;
import java.security.SecureRandom;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a client wants tokens to be chosen; null where it says nothing.
 *
 * @param bias added to the logits of these tokens
 */
public record Sampling(
    @Nullable Double temperature,
    @Nullable Double topP,
    @Nullable Integer topK,
    @Nullable Double minP,
    @Nullable Double repetition,
    @Nullable Double presence,
    @Nullable Double frequency,
    @Nullable Long seed,
    Map<Integer, Float> bias) {
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Least top-p of a reasoning model (DeepSeek's own rule). */
  private static final double REASONING_TOP_P = 0.95;

  /** Nothing said. */
  public static final Sampling DEFAULT =
      new Sampling(null, null, null, null, null, null, null, null, Map.of());

  public Sampling {
    bias = Map.copyOf(bias);
  }

  /** A copy with this temperature and top-p. */
  public Sampling with(@Nullable Double newTemperature, @Nullable Double newTopP) {
    return new Sampling(
        newTemperature, newTopP, topK, minP, repetition, presence, frequency, seed, bias);
  }

  /**
   * Options of the engine. Where the model reasons, temperature and penalties have no effect and
   * top-p has a floor; a temperature of 0 remains what it is, because it asks for repeatable
   * answers.
   *
   * @param reasoning whether the answer begins with reasoning
   */
  public SamplingOptions options(boolean reasoning) {
    double t = temperature == null ? 1 : temperature;
    double p = topP == null ? 1 : topP;
    if (reasoning) {
      t = t == 0 ? 0 : 1;
      p = Math.max(p, REASONING_TOP_P);
    }
    return new SamplingOptions(
        t,
        p,
        topK == null ? 0 : topK,
        minP == null ? 0 : minP,
        reasoning || repetition == null ? 1 : repetition,
        reasoning || presence == null ? 0 : presence,
        reasoning || frequency == null ? 0 : frequency,
        bias,
        seed == null ? RANDOM.nextLong() : seed);
  }
}
