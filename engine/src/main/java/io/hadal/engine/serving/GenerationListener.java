package io.hadal.engine.serving;

import java.util.List;

/**
 * Receives what a request brings. All calls come from the thread that runs the engine, in order:
 * progress of the prompt, tokens of the answers, one end for each answer; or an error, after which
 * nothing comes. A call must return at once and not block: every stream waits for it. A listener
 * with a slow reader puts events into a bounded queue of its own and {@linkplain
 * GenerationHandle#pause pauses} or cancels the request when that is full. An exception thrown by a
 * listener ends its request.
 */
public interface GenerationListener {

  /** A likely token and the natural logarithm of its probability before temperature and filters. */
  record TokenLogprob(int id, double logprob) {}

  /**
   * The prompt has been taken in as far as here; the first call comes when the request leaves the
   * queue.
   *
   * @param done tokens of the prompt that are in the caches
   * @param total tokens of the prompt
   * @param cached tokens of it that did not have to be computed
   */
  default void onPrefill(int done, int total, int cached) {}

  /**
   * A token of an answer; stop tokens are not reported here but in {@link GenerationEnd#stopId}.
   *
   * @param choice index of the answer
   * @param logprob natural logarithm of its probability before temperature, penalties, filters and
   *     constraint; NaN unless the request asks for probabilities
   * @param top the most likely tokens, as many as the request asks for, by falling probability
   */
  void onToken(int choice, int id, double logprob, List<TokenLogprob> top);

  /** An answer has ended. */
  void onEnd(int choice, GenerationEnd end);

  /** The request failed; nothing comes after this. */
  void onError(RuntimeException cause);
}
