package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.reports.UsageScope;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Role;
import io.hadal.server.http.HttpProblem;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;

/** How far an actor's roles reach, for a permission. */
public final class ActorScope {
  private final Database database;
  private final BiPredicate<Role, Permission> table;

  /**
   * A reach by a table of permissions.
   *
   * @param table whether a role has a permission
   */
  public ActorScope(Database database, BiPredicate<Role, Permission> table) {
    this.database = database;
    this.table = table;
  }

  /** Whose rows the actor may see. */
  public UsageScope of(Actor actor, Permission permission) {
    Set<String> orgs = new HashSet<>();
    Set<String> teams = new HashSet<>();
    Set<String> projects = new HashSet<>();
    for (Actor.Grant grant : actor.grants()) {
      if (!table.test(grant.role(), permission)) {
        continue;
      }
      switch (grant.scopeType()) {
        case "all" -> {
          return UsageScope.ALL;
        }
        case "org" -> orgs.add(grant.scopeId());
        case "team" -> teams.add(grant.scopeId());
        case "project" -> projects.add(grant.scopeId());
        default -> throw new IllegalStateException("scope " + grant.scopeType());
      }
    }
    return new UsageScope(false, orgs, teams, projects);
  }

  /**
   * Whether the actor may know what upstreams bill for the rows that a permission shows: that is of
   * the books, which those who read usage only do not see.
   */
  public boolean seesCosts(Actor actor, Permission permission) {
    return of(actor, Permission.read(Permission.Resource.LEDGER)).covers(of(actor, permission));
  }

  /**
   * Makes sure that the actor may do something with all there is.
   *
   * @throws Refusal when not
   */
  public void requireAll(Actor actor, Permission permission) {
    if (!of(actor, permission).all()) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "This needs a role that holds for everything, not for some organisations.");
    }
  }

  /**
   * Makes sure that a project is there, and that the actor may do something with it.
   *
   * @throws Problem when there is none that the actor may see
   */
  public void requireProject(Actor actor, Permission permission, String project) {
    UsageScope scope = of(actor, permission);
    List<Boolean> reached =
        database.read(
            h ->
                h.createQuery("SELECT org_id, team_id FROM project WHERE id = ?")
                    .bind(0, project)
                    .map(
                        (rs, ctx) ->
                            scope.all()
                                || scope.orgs().contains(rs.getString(1))
                                || scope.teams().contains(rs.getString(2))
                                || scope.projects().contains(project))
                    .list());
    if (!reached.contains(true)) {
      throw HttpProblem.notFound("The project '" + project + "'");
    }
  }
}
