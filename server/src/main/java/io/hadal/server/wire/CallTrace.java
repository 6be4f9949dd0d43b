package io.hadal.server.wire;

import org.jspecify.annotations.Nullable;

/** Follows one call, where somebody wants to see what its time goes to. */
public interface CallTrace {
  /**
   * An attempt at an upstream begins.
   *
   * @param number from 1
   * @param provider what kind of API it speaks
   * @param model name of the model there
   */
  void attempt(int number, String upstream, String provider, String model);

  /** The attempt is over. */
  void attempted(String result);

  /** What tells the upstream whose child its own trace is (W3C Trace Context); null for nothing. */
  @Nullable String traceparent();

  /** The call is over. */
  void end(Call call);
}
