package io.hadal.platform.rollout;

import java.time.Instant;

/**
 * Something that happened to a rollout.
 *
 * @param kind {@code created}, {@code started}, {@code percent}, {@code promoted}, {@code
 *     rolled_back}
 * @param actor who did it; {@code guard} for the automatic way back
 * @param detail why, for people
 */
public record RolloutEvent(
    String rollout, String alias, String kind, String actor, String detail, Instant at) {}
