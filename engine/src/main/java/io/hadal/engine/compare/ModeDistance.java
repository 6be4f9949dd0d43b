package io.hadal.engine.compare;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import java.util.Arrays;
import java.util.function.LongConsumer;

/**
 * How far the predictions of a numeric mode are from those of another, for the same model and the
 * same tokens.
 */
public final class ModeDistance implements AutoCloseable {
  /** Tokens of which logits are held at a time. */
  private static final int CHUNK = 64;

  private final Engine reference;
  private final Engine other;
  private final int window;
  private Result sum = Result.NONE;

  /**
   * Sums over predictions.
   *
   * @param predictions positions compared
   * @param divergence sum of the Kullback-Leibler divergences {@code KL(reference || other)}, in
   *     nats
   * @param worst largest of them
   * @param agreeing positions where both find the same token most likely
   */
  public record Result(long predictions, double divergence, double worst, long agreeing) {
    static final Result NONE = new Result(0, 0, 0, 0);

    /** Mean divergence in nats. */
    public double mean() {
      return divergence / Math.max(1, predictions);
    }

    /** Share of agreeing positions. */
    public double agreement() {
      return (double) agreeing / Math.max(1, predictions);
    }

    Result plus(double kl, boolean agrees) {
      return new Result(
          predictions + 1, divergence + kl, Math.max(worst, kl), agreeing + (agrees ? 1 : 0));
    }
  }

  /**
   * A comparison.
   *
   * @param options of both engines; their context is the longest piece of text seen at once
   */
  public ModeDistance(
      Model model, EngineOptions options, NumericMode reference, NumericMode other) {
    this.window = options.context();
    this.reference = new Engine(model, options.withMode(reference));
    boolean ok = false;
    try {
      this.other = new Engine(model, options.withMode(other));
      ok = true;
    } finally {
      if (!ok) {
        this.reference.close();
      }
    }
  }

  /**
   * Compares the predictions behind every token. A text longer than the context goes through in
   * pieces that know nothing of each other.
   *
   * @param progress gets tokens as they are done
   */
  public void add(int[] tokens, LongConsumer progress) {
    for (int from = 0; from < tokens.length; from += window) {
      int to = Math.min(tokens.length, from + window);
      try (Session a = reference.newSession();
          Session b = other.newSession()) {
        for (int at = from; at < to; at += CHUNK) {
          int[] piece = Arrays.copyOfRange(tokens, at, Math.min(to, at + CHUNK));
          float[][] expected = a.appendAll(piece);
          float[][] actual = b.appendAll(piece);
          for (int i = 0; i < piece.length; i++) {
            sum =
                sum.plus(
                    divergence(expected[i], actual[i]),
                    Sampler.argmax(expected[i]) == Sampler.argmax(actual[i]));
          }
          progress.accept(piece.length);
        }
      }
    }
  }

  /** Everything added so far. */
  public Result result() {
    return sum;
  }

  /** {@code KL(p || q)} of two rows of logits, in nats. */
  static double divergence(float[] p, float[] q) {
    double pTotal = Sampler.logTotal(p);
    double qTotal = Sampler.logTotal(q);
    double kl = 0;
    for (int i = 0; i < p.length; i++) {
      double logP = p[i] - pTotal;
      double probability = Math.exp(logP);
      if (probability > 0) {
        kl += probability * (logP - (q[i] - qTotal));
      }
    }
    // Rounding leaves equal rows a little off zero.
    return Math.max(0, kl);
  }

  @Override
  public void close() {
    reference.close();
    other.close();
  }
}
