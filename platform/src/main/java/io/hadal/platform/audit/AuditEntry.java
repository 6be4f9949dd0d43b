package io.hadal.platform.audit;

import io.hadal.platform.tenancy.Actor;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Something that was done, before it is in the log. Never content of requests.
 *
 * @param org organisation whose chain it belongs to; null for the chain of the system
 * @param actor who did it: id of a person or service, name of a key, {@code system}; nothing
 *     personal
 * @param actorName name of the actor, a personal value; null for none
 * @param address the peer's address, a personal value; null for none
 * @param action what was done, such as {@code key.create}
 * @param object to what, such as {@code key:key_1}
 * @param before state before, null for none; secrets in it are left out
 * @param after state after, null for none; secrets in it are left out
 * @param requestId id of the request; null for none
 */
public record AuditEntry(
    @Nullable String org,
    String actor,
    @Nullable String actorName,
    @Nullable String address,
    String action,
    String object,
    @Nullable JsonNode before,
    @Nullable JsonNode after,
    @Nullable String requestId) {
  /** What somebody did in an organisation; null for the system. */
  public static AuditEntry of(
      Actor actor,
      @Nullable String org,
      String action,
      String object,
      @Nullable JsonNode before,
      @Nullable JsonNode after,
      @Nullable String requestId) {
    String principal = actor.principal();
    return new AuditEntry(
        org,
        principal == null ? actor.name() : principal,
        actor.name(),
        actor.address(),
        action,
        object,
        before,
        after,
        requestId);
  }

  /** What the platform did by itself. */
  public static AuditEntry system(
      @Nullable String org, String action, String object, @Nullable JsonNode after) {
    return new AuditEntry(org, "system", null, null, action, object, null, after, null);
  }
}
