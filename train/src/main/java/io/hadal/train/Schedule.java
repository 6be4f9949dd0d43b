package io.hadal.train;

/**
 * Warm-up, constant, linear decay: any constant stretch can be branched off and finished.
 *
 * @param peak learning rate of the constant part
 * @param warmupSteps steps of the rise
 * @param decayShare part of the run that the fall takes, at its end
 * @param floor learning rate at the very end, relative to the peak
 */
record Schedule(double peak, int warmupSteps, double decayShare, double floor) {

  /**
   * Learning rate of a step.
   *
   * @param step from 0
   * @param progress part of the run that is done, 0..1
   */
  double rate(long step, double progress) {
    double rise = Math.min(1, (step + 1.0) / Math.max(1, warmupSteps));
    double left = Math.max(0, 1 - progress);
    double fall = decayShare > 0 && left < decayShare ? left / decayShare : 1;
    return peak * rise * (floor + (1 - floor) * fall);
  }
}
