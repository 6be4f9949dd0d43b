package io.hadal.platform.usage;

import io.hadal.platform.LimitState;

/** An admitted attempt. It must be ended once, in whatever way it ends. */
public interface Metered {
  /**
   * Says how far the attempt has come; more money is held when it needs it.
   *
   * @return false when a budget is used up: the attempt must end with {@link
   *     Outcome#BUDGET_EXHAUSTED}
   */
  boolean produced(Quantities soFar);

  /**
   * Ends the attempt: what it took is durable when this returns, and the rest of the money is free.
   * A second call has no effect.
   *
   * @return what the customer pays, nano-USD
   */
  long end(Ending ending);

  /**
   * Ends the attempt as {@link #end} does, without waiting for the device: earlier pieces of the
   * answer may go out meanwhile.
   *
   * @return waits until what it took is durable; to be run once, whatever else happens
   */
  default Runnable ending(Ending ending) {
    end(ending);
    return () -> {};
  }

  /** The tightest limits as they are now, for headers. */
  LimitState limits();

  /** What the customer pays, nano-USD; 0 before it has ended. */
  long cost();
}
