package io.hadal.platform.money;

import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;

/**
 * Who pays for what (platform specification, 2.5): the outcome decides, and for our own faults the
 * operator.
 */
public enum Charging {
  /** Our errors, drains and crashes are free. */
  FAULTS_FREE,
  /** Of our errors, drains and crashes the customer pays the tokens that were delivered. */
  FAULTS_DELIVERED;

  /** What an attempt costs the customer, in nano-USD, when our faults are free. */
  public static long cost(Outcome outcome, PriceSnapshot prices, Quantities quantities) {
    return FAULTS_FREE.costOf(outcome, prices, quantities);
  }

  /** What an attempt costs the customer, in nano-USD. */
  public long costOf(Outcome outcome, PriceSnapshot prices, Quantities quantities) {
    boolean pays =
        outcome.charged()
            || (this == FAULTS_DELIVERED && ourFault(outcome) && delivered(quantities));
    return pays ? prices.cost(quantities) : 0;
  }

  /** Whether an outcome is our fault, and free or not as the operator says. */
  public static boolean ourFault(Outcome outcome) {
    return outcome == Outcome.ERROR || outcome == Outcome.DRAINED || outcome == Outcome.CRASHED;
  }

  private static boolean delivered(Quantities quantities) {
    return quantities.output() > 0 || quantities.images() > 0 || quantities.seconds() > 0;
  }
}
