package io.hadal.train;

/** How long a run goes on. */
public sealed interface Budget {

  /** Part of the run that is done, 0..1 and more. */
  double progress(long steps, long tokens, double seconds);

  /** A number of optimiser steps. */
  record Steps(long count) implements Budget {
    @Override
    public double progress(long steps, long tokens, double seconds) {
      return (double) steps / count;
    }
  }

  /** A number of training tokens. */
  record Tokens(long count) implements Budget {
    @Override
    public double progress(long steps, long tokens, double seconds) {
      return (double) tokens / count;
    }
  }

  /** Minutes of work; such a run cannot be repeated bit for bit. */
  record Minutes(double count) implements Budget {
    @Override
    public double progress(long steps, long tokens, double seconds) {
      return seconds / 60 / count;
    }
  }
}
