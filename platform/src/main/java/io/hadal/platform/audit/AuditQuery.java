package io.hadal.platform.audit;

import org.jspecify.annotations.Nullable;

/**
 * Which events of a chain are wanted, newest first.
 *
 * @param chain id of an organisation, or {@code system}
 * @param actor id of the actor; null for all
 * @param action the action, or its beginning before a {@code *}; null for all
 * @param object the object, or its beginning before a {@code *}; null for all
 * @param from first moment, milliseconds since 1970
 * @param until moment behind the last, milliseconds since 1970
 * @param below only events with smaller numbers
 * @param limit most events
 */
public record AuditQuery(
    String chain,
    @Nullable String actor,
    @Nullable String action,
    @Nullable String object,
    long from,
    long until,
    long below,
    int limit) {
  /** The newest events of a chain. */
  public static AuditQuery newest(String chain, int limit) {
    return new AuditQuery(chain, null, null, null, 0, Long.MAX_VALUE, Long.MAX_VALUE, limit);
  }
}
