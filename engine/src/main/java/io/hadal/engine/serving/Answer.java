package io.hadal.engine.serving;

import io.hadal.engine.NothingAllowedException;
import io.hadal.engine.Sampler;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.TokenHistory;
import io.hadal.engine.constraint.TokenConstraint;
import io.hadal.engine.serving.GenerationEnd.Reason;
import io.hadal.engine.serving.GenerationListener.TokenLogprob;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tokens of one answer: chooses them, reports them and knows when to stop. */
final class Answer {
  private final GenerationRequest request;
  private final GenerationListener listener;
  private final int choice;
  private final int context;
  private final Sampler sampler;
  private final @Nullable TokenHistory history;
  private final @Nullable TokenConstraint constraint;
  private final BitSet stops = new BitSet();
  private int[] tokens = new int[16];
  private int count;
  private int stopId = -1;

  Answer(
      GenerationRequest request, GenerationListener listener, int choice, int context, int banned) {
    SamplingOptions sampling = request.sampling();
    this.request = request;
    this.listener = listener;
    this.choice = choice;
    this.context = context;
    this.sampler = new Sampler(sampling.withSeed(sampling.seed() + choice), banned);
    this.history = sampling.looksBack() ? new TokenHistory(request.prompt()) : null;
    this.constraint = request.constraint() == null ? null : request.constraint().fork();
    request.stopIds().forEach(stops::set);
  }

  int choice() {
    return choice;
  }

  /** Tokens so far, a stop token included. */
  int count() {
    return count;
  }

  int stopId() {
    return stopId;
  }

  int token(int index) {
    return tokens[index];
  }

  /** Tokens so far. */
  int[] tokens() {
    return Arrays.copyOf(tokens, count);
  }

  /**
   * Chooses the next token and reports it.
   *
   * @param logits behind the last token
   * @return why the answer ends here; null when it goes on
   */
  @Nullable Reason next(float[] logits) {
    BitSet allowed = null;
    if (constraint != null) {
      allowed = constraint.allowed();
      if (allowed.isEmpty() && !constraint.mayEnd()) {
        throw new NothingAllowedException();
      }
      if (constraint.mayEnd()) {
        if (allowed.isEmpty()) {
          return Reason.COMPLETE;
        }
        if (!stops.isEmpty()) {
          allowed = (BitSet) allowed.clone();
          allowed.or(stops);
        }
      }
    }
    int token = sampler.sample(logits, request.prompt().length + count, history, allowed);
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * count);
    }
    tokens[count++] = token;
    if (stops.get(token)) {
      stopId = token;
      return Reason.STOP;
    }
    if (history != null) {
      history.add(token);
    }
    if (constraint != null) {
      constraint.accept(token);
    }
    report(token, logits);
    if (constraint != null && constraint.finished()) {
      return Reason.COMPLETE;
    }
    if (count >= request.maxTokens()) {
      return Reason.LENGTH;
    }
    return request.prompt().length + count > context ? Reason.CONTEXT : null;
  }

  private void report(int token, float[] logits) {
    int top = request.topLogprobs();
    if (top < 0) {
      listener.onToken(choice, token, Double.NaN, List.of());
      return;
    }
    double total = Sampler.logTotal(logits);
    listener.onToken(choice, token, logits[token] - total, likeliest(logits, top, total));
  }

  /** The most likely tokens; equal ones by id. */
  private static List<TokenLogprob> likeliest(float[] logits, int count, double total) {
    int[] best = new int[Math.min(count, logits.length)];
    int n = 0;
    for (int id = 0; id < logits.length && best.length > 0; id++) {
      float v = logits[id];
      if (Float.isNaN(v) || (n == best.length && v <= logits[best[n - 1]])) {
        continue;
      }
      int at = n < best.length ? n++ : n - 1;
      while (at > 0 && logits[best[at - 1]] < v) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = id;
    }
    List<TokenLogprob> top = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      top.add(new TokenLogprob(best[i], logits[best[i]] - total));
    }
    return top;
  }
}
