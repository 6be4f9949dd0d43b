package io.hadal.platform.tenancy;

import org.jspecify.annotations.Nullable;

/**
 * A place in the tree of tenants. A grant holds there and below.
 *
 * @param org null for the whole system
 * @param team null for an organisation
 * @param project null for a team
 */
public record Place(@Nullable String org, @Nullable String team, @Nullable String project) {
  /** The whole system: all organisations and what belongs to none. */
  public static final Place ALL = new Place(null, null, null);

  /** Any place: for what shows by itself only what its reader may see. */
  public static final Place ANYWHERE = new Place("*", null, null);

  public static Place org(String org) {
    return new Place(org, null, null);
  }

  public static Place team(String org, String team) {
    return new Place(org, team, null);
  }

  public static Place project(String org, String team, String project) {
    return new Place(org, team, project);
  }

  /** The organisation of an actor; the whole system for one of none. */
  public static Place home(Actor actor) {
    return actor.org() == null ? ALL : org(actor.org());
  }

  /** True when the other place is this one or below it. */
  public boolean contains(Place other) {
    return (org == null || org.equals(other.org))
        && (team == null || team.equals(other.team))
        && (project == null || project.equals(other.project));
  }

  /** For messages. */
  public String text() {
    return project != null
        ? "the project " + project
        : team != null ? "the team " + team : org != null ? "the org " + org : "the whole system";
  }
}
