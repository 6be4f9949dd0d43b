package io.hadal.platform.limits;

/** What one limit leaves to one subject. Any thread. */
interface Allowance {
  /**
   * Takes an amount.
   *
   * @return 0 when it is taken, else after how many milliseconds it may be there
   */
  long take(long amount, long now);

  /** Takes what was used already. */
  void force(long amount, long now);

  /** Corrects an amount that was taken to what it came to. */
  void settle(long taken, long actual, long now);

  /** What may be taken now; may be negative. */
  long left(long now);

  /** Until everything may be taken again, milliseconds. */
  long resetMillis(long now);

  /** Whether it is as if it had never been used: it may be forgotten. */
  boolean unused(long now);

  /** Asks for what other nodes did; may wait for the database. */
  default void refresh() {}

  /** What comes up from time to time. */
  default void sweep(long now) {}

  /** Gives back what is leased. */
  default void giveBack(long now) {}
}
