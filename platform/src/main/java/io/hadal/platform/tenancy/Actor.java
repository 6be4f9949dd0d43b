package io.hadal.platform.tenancy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who administers: a person of a session, or a key with the scope of administration.
 *
 * @param principal id of the person or service; null for a key without one
 * @param name name for people and the audit log
 * @param org organisation; null for the break-glass administrator, who sees all
 * @param grants roles and where they hold
 * @param address the peer's address
 */
public record Actor(
    @Nullable String principal,
    String name,
    @Nullable String org,
    List<Grant> grants,
    String address) {
  public Actor {
    grants = List.copyOf(grants);
  }

  /** Somebody who has not signed in, and may nothing. */
  public static Actor nobody(String address) {
    return new Actor(null, "nobody", null, List.of(), address);
  }

  /**
   * A role and where it holds, downwards.
   *
   * @param scopeType {@code org}, {@code team}, {@code project}, or {@code all}
   * @param scopeId id of that; {@code *} for all
   */
  public record Grant(Role role, String scopeType, String scopeId) {
    /** True when it holds at a place. */
    public boolean covers(Place place) {
      return switch (scopeType) {
        case "all" -> true;
        case "org" -> scopeId.equals(place.org());
        case "team" -> scopeId.equals(place.team());
        case "project" -> scopeId.equals(place.project());
        default -> false;
      };
    }
  }
}
