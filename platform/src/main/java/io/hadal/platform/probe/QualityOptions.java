package io.hadal.platform.probe;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the quality of backends is looked at.
 *
 * @param every time between two runs; null for never by itself
 * @param tolerance part of answers that a backend may get wrong beyond the best one and beyond what
 *     it got wrong before, 0 to 1
 * @param distance mean distance of the logarithms of probabilities to the reference that mode and
 *     kernels explain
 * @param probeNew whether versions that were never probed are, by themselves
 */
public record QualityOptions(
    @Nullable Duration every, double tolerance, double distance, boolean probeNew) {
  /** New versions are probed; backends are looked at when somebody asks for it. */
  public static final QualityOptions DEFAULT = new QualityOptions(null, 0.25, 0.25, true);
}
