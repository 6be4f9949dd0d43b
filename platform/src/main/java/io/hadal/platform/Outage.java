package io.hadal.platform;

import io.hadal.formats.FormatException;

/**
 * What goes on while the database does not answer (platform specification, 2.4 and 2.5).
 *
 * @param seconds how long what was known holds: keys, prices, money that this node has leased
 * @param open whether requests with known keys pass behind that time, without budgets; else they
 *     are refused. What they take is recorded in either case
 */
public record Outage(int seconds, boolean open) {
  /** Five minutes, and nothing behind them. */
  public static final Outage DEFAULT = new Outage(300, false);

  public Outage {
    if (seconds < 10 || seconds > 86_400) {
      throw new FormatException("platform.outage.seconds", "must be 10 to 86400, not " + seconds);
    }
  }

  /**
   * Whether something still holds.
   *
   * @param age milliseconds since it was known to be right
   */
  public boolean holds(long age) {
    return open || age < seconds * 1000L;
  }
}
