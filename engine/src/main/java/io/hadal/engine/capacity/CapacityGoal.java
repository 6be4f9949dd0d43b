package io.hadal.engine.capacity;

/**
 * What has to be kept.
 *
 * @param firstToken95 seconds to the first token that 95 % stay within
 * @param perToken95 seconds between two tokens that 95 % stay within
 * @param refused part of the requests that may get no answer
 */
public record CapacityGoal(double firstToken95, double perToken95, double refused) {
  /** True when it is kept. */
  public boolean keptBy(CapacityEstimate estimate) {
    return estimate.refused() <= refused
        && estimate.firstToken95() <= firstToken95
        && estimate.perToken95() <= perToken95;
  }
}
