package io.hadal.platform.cluster;

import org.jspecify.annotations.Nullable;

/**
 * A node that is alive.
 *
 * @param incarnation tells this run of it from others
 * @param engine what it computes for others; null for nothing
 * @param digest what its prompt cache holds
 * @param config its configuration; null when it does not say so
 * @param startedAt milliseconds since 1970, by its own clock
 * @param renewedAt when it was last heard of, by its own clock
 */
public record Member(
    String name,
    String incarnation,
    @Nullable Engine engine,
    Load load,
    BlockDigest digest,
    @Nullable ConfigMark config,
    long startedAt,
    long renewedAt) {
  /** Whether it should have, and has not, the configuration of another one. */
  boolean differs(ConfigMark other, boolean computes) {
    return config != null && (engine != null) == computes && !config.hash().equals(other.hash());
  }
}
