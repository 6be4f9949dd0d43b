package io.hadal.platform.tenancy;

import io.hadal.platform.Refusal;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Permission.Verb;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Who may do what. What the table does not allow is refused. */
public final class Permissions {
  /**
   * {@code r} read, {@code rw} read and write, {@code own} both for what belongs to oneself. Owners
   * may all; administrators all but what moves money; auditors read all, but no prompts and no
   * secrets.
   */
  private static final String TABLE =
      """
      resource    owner  admin  billing  developer  auditor  viewer
      org         rw     rw     r        r          r        r
      team        rw     rw     r        r          r        r
      project     rw     rw     r        r          r        r
      principal   rw     rw     -        -          r        -
      grant       rw     rw     -        -          r        -
      key         rw     rw     r        own        r        -
      limit       rw     rw     r        r          r        r
      budget      rw     rw     rw       r          r        r
      balance     rw     r      rw       -          r        -
      price       rw     r      r        r          r        r
      ledger      rw     r      rw       -          r        -
      usage       rw     rw     r        r          r        r
      request     rw     rw     r        r          r        -
      export      rw     rw     rw       -          r        -
      audit       rw     r      -        -          r        -
      model       rw     rw     r        r          r        r
      rollout     rw     rw     -        r          r        r
      backend     rw     rw     -        -          r        r
      privacy     rw     rw     -        r          r        -
      config      rw     rw     -        -          r        -
      capacity    rw     rw     r        -          r        r
      playground  rw     rw     -        rw         -        -
      """;

  private static final Map<Role, Map<Resource, String>> CELLS = cells();

  /** How far a permission goes. */
  public enum Reach {
    NONE,
    /** What belongs to the actor. */
    OWN,
    ALL
  }

  /**
   * Places where an actor has a permission.
   *
   * @param all true for everywhere; the lists do not matter then
   */
  public record Visible(boolean all, List<String> orgs, List<String> teams, List<String> projects) {
    /** All there is. */
    public static final Visible EVERYTHING = new Visible(true, List.of(), List.of(), List.of());

    public Visible {
      orgs = List.copyOf(orgs);
      teams = List.copyOf(teams);
      projects = List.copyOf(projects);
    }
  }

  private Permissions() {}

  private static Map<Role, Map<Resource, String>> cells() {
    Map<Role, Map<Resource, String>> cells = new EnumMap<>(Role.class);
    List<String> lines = TABLE.strip().lines().toList();
    List<String> heads = words(lines.getFirst());
    for (String head : heads.subList(1, heads.size())) {
      cells.put(Role.valueOf(head.toUpperCase(Locale.ROOT)), new EnumMap<>(Resource.class));
    }
    for (String line : lines.subList(1, lines.size())) {
      List<String> words = words(line);
      Resource resource = Resource.valueOf(words.getFirst().toUpperCase(Locale.ROOT));
      int column = 1;
      for (Map<Resource, String> role : inOrder(cells, heads)) {
        role.put(resource, words.get(column++));
      }
    }
    return cells;
  }

  private static List<Map<Resource, String>> inOrder(
      Map<Role, Map<Resource, String>> cells, List<String> heads) {
    List<Map<Resource, String>> columns = new ArrayList<>();
    for (Map.Entry<Role, Map<Resource, String>> entry : cells.entrySet()) {
      // The columns of the table are in the order of the roles, or it would be read wrongly.
      String head = heads.get(columns.size() + 1);
      if (!entry.getKey().name().equalsIgnoreCase(head)) {
        throw new IllegalStateException("the table of permissions has " + head + " out of order");
      }
      columns.add(entry.getValue());
    }
    return columns;
  }

  private static List<String> words(String line) {
    return List.of(line.strip().split("\\s+"));
  }

  /** What a role may do where it holds. */
  public static Reach reach(Role role, Permission permission) {
    Map<Resource, String> row = CELLS.get(role);
    String cell = row == null ? null : row.get(permission.resource());
    return switch (cell) {
      case "rw" -> Reach.ALL;
      case "r" -> permission.verb() == Verb.READ ? Reach.ALL : Reach.NONE;
      case "own" -> Reach.OWN;
      case null, default -> Reach.NONE;
    };
  }

  /** Whether a role may do it at all, if only to what is its holder's own. */
  public static boolean allows(Role role, Permission permission) {
    return reach(role, permission) != Reach.NONE;
  }

  /** What an actor may do at a place. */
  public static Reach reach(Actor actor, Permission permission, Place place) {
    Reach most = Reach.NONE;
    for (Actor.Grant grant : actor.grants()) {
      if (place.equals(Place.ANYWHERE) || grant.covers(place)) {
        Reach reach = reach(grant.role(), permission);
        most = reach.compareTo(most) > 0 ? reach : most;
      }
    }
    return most;
  }

  /**
   * Passes when the actor may do it, to all or to what is its own.
   *
   * @throws Refusal when not
   */
  public static void require(Actor actor, Permission permission, Place place) {
    if (reach(actor, permission, place) == Reach.NONE) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "This needs the permission %s:%s in %s."
              .formatted(
                  permission.resource().name().toLowerCase(Locale.ROOT),
                  permission.verb().name().toLowerCase(Locale.ROOT),
                  place.equals(Place.ANYWHERE) ? "some org, team or project" : place.text()));
    }
  }

  /** True when the actor may do, at the place, all that the role may: nobody gives more. */
  public static boolean includes(Actor actor, Role role, Place place) {
    for (Resource resource : Resource.values()) {
      for (Verb verb : Verb.values()) {
        Permission permission = new Permission(resource, verb);
        if (reach(actor, permission, place).compareTo(reach(role, permission)) < 0) {
          return false;
        }
      }
    }
    return true;
  }

  /** Where an actor has a permission. */
  public static Visible visible(Actor actor, Permission permission) {
    List<String> orgs = new ArrayList<>();
    List<String> teams = new ArrayList<>();
    List<String> projects = new ArrayList<>();
    for (Actor.Grant grant : actor.grants()) {
      if (reach(grant.role(), permission) == Reach.NONE) {
        continue;
      }
      switch (grant.scopeType()) {
        case "all" -> {
          return Visible.EVERYTHING;
        }
        case "org" -> orgs.add(grant.scopeId());
        case "team" -> teams.add(grant.scopeId());
        case "project" -> projects.add(grant.scopeId());
        default -> {}
      }
    }
    return new Visible(false, orgs, teams, projects);
  }
}
