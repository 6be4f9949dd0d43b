package io.hadal.platform.lease;

import io.hadal.formats.FormatException;
import io.hadal.platform.Outage;
import java.util.regex.Pattern;

/**
 * How a node leases.
 *
 * @param node its name, other than that of all other nodes, and the same after a restart
 * @param several whether other nodes use the same database
 * @param slices a lease is this part of what remains, at least what is needed; 1 for all
 * @param validMillis after that time a node gives back what it has not used, 1000 to 5000
 * @param lostMillis after that silence others may use what a node has leased and not settled; also
 *     the longest time a node goes on without a database. A crashed node that comes back before it
 *     leaves no error; one that does not leaves at most its slices
 * @param failOpen whether requests pass without budgets after that time, else they are refused
 */
public record LeaseOptions(
    String node, boolean several, int slices, long validMillis, long lostMillis, boolean failOpen) {
  private static final Pattern NODE = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  public LeaseOptions {
    if (!NODE.matcher(node).matches()) {
      throw new FormatException(
          "node", "must be 1 to 64 letters, digits, dots, dashes or underscores");
    }
    if (slices < 1 || slices > 1000) {
      throw new FormatException("lease.slices", "must be 1 to 1000, not " + slices);
    }
    if (validMillis < 1000 || validMillis > 5000) {
      throw new FormatException("lease.valid", "must be 1000 to 5000 ms, not " + validMillis);
    }
    if (lostMillis < 10_000) {
      throw new FormatException("lease.lost", "must be at least 10000 ms, not " + lostMillis);
    }
  }

  /** The only node. */
  public static LeaseOptions alone(String node) {
    return new LeaseOptions(node, false, 1, 2000, 300_000, false);
  }

  /** One of several nodes. */
  public static LeaseOptions shared(String node) {
    return new LeaseOptions(node, true, 10, 2000, 300_000, false);
  }

  /** The same, but requests pass while nothing is known. */
  public LeaseOptions open() {
    return new LeaseOptions(node, several, slices, validMillis, lostMillis, true);
  }

  /** The same, with what goes on without a database. */
  public LeaseOptions during(Outage outage) {
    // Trust ends at four fifths, see below.
    return new LeaseOptions(
        node, several, slices, validMillis, outage.seconds() * 1250L, outage.open());
  }

  /** How long authority holds without a word from the database; others wait longer. */
  long trustMillis(Pool pool) {
    return lostMillis(pool) / 5 * 4;
  }

  long lostMillis(Pool pool) {
    return pool.quickLoss() ? Math.min(lostMillis, 5000) : lostMillis;
  }
}
