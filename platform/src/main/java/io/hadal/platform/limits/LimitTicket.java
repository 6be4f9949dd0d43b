package io.hadal.platform.limits;

import io.hadal.platform.LimitState;
import io.hadal.platform.usage.Quantities;
import java.util.ArrayList;
import java.util.List;

/** What an attempt took of its limits. Used by one thread at a time. */
public final class LimitTicket {
  /** What was taken of one limit. */
  static final class Part {
    final Limit limit;
    final Allowance allowance;
    long taken;

    Part(Limit limit, Allowance allowance, long taken) {
      this.limit = limit;
      this.allowance = allowance;
      this.taken = taken;
    }
  }

  private final List<Part> parts = new ArrayList<>(4);
  private final long admitted;
  private boolean done;

  /**
   * @param admitted when the attempt began, milliseconds since 1970
   */
  LimitTicket(long admitted) {
    this.admitted = admitted;
  }

  /** What it took of a day is corrected in that day, whenever it ends. */
  private long moment(Part part, long now) {
    return part.limit.dimension().daily() ? admitted : now;
  }

  void add(Part part) {
    parts.add(part);
  }

  /** Takes more tokens of the answer, which were generated already. */
  public void extend(long tokens, long now) {
    for (Part part : parts) {
      switch (part.limit.dimension()) {
        case TPM_OUT, TPM_TOTAL, TPD -> {
          part.allowance.force(tokens, moment(part, now));
          part.taken += tokens;
        }
        case CONCURRENCY, RPM, RPD, TPM_IN_UNCACHED -> {}
      }
    }
  }

  /** Corrects the tokens to what they came to, and lets another request run. */
  public void end(Quantities took, long now) {
    if (!done) {
      done = true;
      for (Part part : parts) {
        part.allowance.settle(part.taken, actual(part, took), moment(part, now));
      }
    }
  }

  /** As if nothing had been asked for. */
  public void undo(long now) {
    if (!done) {
      done = true;
      for (Part part : parts) {
        part.allowance.settle(part.taken, 0, moment(part, now));
      }
    }
  }

  private static long actual(Part part, Quantities took) {
    return switch (part.limit.dimension()) {
      case CONCURRENCY -> 0;
      case RPM, RPD -> part.taken;
      case TPM_IN_UNCACHED -> input(part.limit, took);
      case TPM_OUT -> took.output();
      case TPM_TOTAL, TPD -> input(part.limit, took) + took.output();
    };
  }

  private static long input(Limit limit, Quantities took) {
    return took.inputUncached()
        + took.cacheWrite()
        + took.cacheRead() * limit.cachePermille() / 1000;
  }

  /** The tightest limits of requests and of tokens. */
  public LimitState state(long now) {
    Part requests = null;
    Part tokens = null;
    long requestsLeft = Long.MAX_VALUE;
    long tokensLeft = Long.MAX_VALUE;
    for (Part part : parts) {
      long left = Math.max(0, part.allowance.left(now));
      switch (part.limit.dimension().kind()) {
        case REQUESTS -> {
          if (left < requestsLeft) {
            requests = part;
            requestsLeft = left;
          }
        }
        case TOKENS -> {
          if (left < tokensLeft) {
            tokens = part;
            tokensLeft = left;
          }
        }
        case RUNNING -> {}
      }
    }
    if (requests == null && tokens == null) {
      return LimitState.NONE;
    }
    return new LimitState(
        requests == null ? -1 : requests.limit.amount(),
        requests == null ? -1 : requestsLeft,
        requests == null ? -1 : requests.allowance.resetMillis(now),
        tokens == null ? -1 : tokens.limit.amount(),
        tokens == null ? -1 : tokensLeft,
        tokens == null ? -1 : tokens.allowance.resetMillis(now),
        tightest(Dimension.TPM_IN_UNCACHED, now),
        tightest(Dimension.TPM_OUT, now));
  }

  private LimitState.Tokens tightest(Dimension dimension, long now) {
    LimitState.Tokens found = LimitState.Tokens.NONE;
    for (Part part : parts) {
      long left = Math.max(0, part.allowance.left(now));
      if (part.limit.dimension() == dimension && (found.most() < 0 || left < found.left())) {
        found = new LimitState.Tokens(part.limit.amount(), left, part.allowance.resetMillis(now));
      }
    }
    return found;
  }
}
