package io.hadal.platform.cluster;

import org.jspecify.annotations.Nullable;

/**
 * A node that is alive.
 *
 * @param incarnation tells this run of it from others
 * @param engine what it computes for others; null for nothing
 * @param digest what its prompt cache holds
 * @param startedAt milliseconds since 1970, by its own clock
 * @param renewedAt when it was last heard of, by its own clock
 */
public record Member(
    String name,
    String incarnation,
    @Nullable Engine engine,
    Load load,
    BlockDigest digest,
    long startedAt,
    long renewedAt) {}
