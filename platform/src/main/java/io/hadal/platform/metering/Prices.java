package io.hadal.platform.metering;

import io.hadal.platform.money.PriceSnapshot;
import java.time.Instant;

/** What a model costs. */
@FunctionalInterface
public interface Prices {
  /** The prices of a version for a project at a moment. */
  PriceSnapshot at(String modelVersion, String project, Instant when);
}
