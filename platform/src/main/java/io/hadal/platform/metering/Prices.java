package io.hadal.platform.metering;

import io.hadal.platform.money.PriceSnapshot;

/** What a model costs. */
@FunctionalInterface
public interface Prices {
  /** The prices of a version for a project at a moment, milliseconds since 1970. */
  PriceSnapshot at(String modelVersion, String project, long millis);
}
