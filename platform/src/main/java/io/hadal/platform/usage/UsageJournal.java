package io.hadal.platform.usage;

import org.jspecify.annotations.Nullable;

/**
 * Where attempts are written before anything else happens (platform specification, 2.5). Every
 * attempt gets exactly one event, also when the process dies in the middle.
 */
public interface UsageJournal {
  /**
   * Notes that an attempt begins. Durable soon after.
   *
   * @param holdId id of the money held for it; null for none
   * @param held that money, nano-USD
   */
  void admit(Work work, long start, @Nullable String holdId, long held);

  /** Notes how far an attempt has come. Durable soon after. */
  void checkpoint(String requestId, int attempt, Quantities soFar);

  /** Notes how an attempt ended. Durable when it returns. */
  void end(UsageEvent event);

  /**
   * Whether it is known how an attempt ended, by any node whose records are in the database.
   *
   * @throws io.hadal.platform.Refusal when that cannot be found out now
   */
  boolean ended(String requestId, int attempt);

  /**
   * Notes how an attempt ended, and does not wait.
   *
   * @return waits until it is durable, and fails as {@link #end} does; to be run once
   */
  default Runnable ending(UsageEvent event) {
    end(event);
    return () -> {};
  }
}
