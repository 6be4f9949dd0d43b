package io.hadal.engine.serving;

import java.time.Duration;

/**
 * What a tenant may retain of its prompts, over all of its cache keys.
 *
 * @param bytes most bytes in memory, and as many on disk; 0 for no bound of its own
 * @param idle time after its last use when a state is forgotten; zero for no such time
 */
public record PrefixLimits(long bytes, Duration idle) {
  public PrefixLimits {
    if (bytes < 0 || idle.isNegative()) {
      throw new IllegalArgumentException("neither bytes nor the time may be negative");
    }
  }
}
