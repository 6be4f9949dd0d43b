package io.hadal.platform.privacy;

import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.db.Database;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.ProjectPolicy;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Policies of projects, and what organisations demand of theirs. */
public final class PolicyStore {
  private final Database database;
  private final AuditLog audit;
  private final Clock clock;

  public PolicyStore(Database database, AuditLog audit, Clock clock) {
    this.database = database;
    this.audit = audit;
    this.clock = clock;
  }

  /**
   * A project with its policy.
   *
   * @param policy as it was set; what holds is the tighter of this and what the organisation demands
   */
  public record Project(String id, String org, String team, String slug, ProjectPolicy policy) {}

  /**
   * Projects of an organisation by their ids.
   *
   * @param org null for those of all
   * @param after only ids behind this one
   */
  public List<Project> projects(@Nullable String org, String after, int limit) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT id, org_id, team_id, slug, policy FROM project"
                        + " WHERE (org_id = :org OR :every = 1) AND id > :after"
                        + " ORDER BY id LIMIT :limit")
                .bind("org", org == null ? "" : org)
                .bind("every", org == null ? 1 : 0)
                .bind("after", after)
                .bind("limit", limit)
                .map(
                    (row, _) ->
                        project(
                            row.getString("id"),
                            row.getString("org_id"),
                            row.getString("team_id"),
                            row.getString("slug"),
                            row.getString("policy")))
                .list());
  }

  /** A project; empty when there is none. */
  public Optional<Project> project(String id) {
    return database.read(handle -> project(handle, id));
  }

  private static Optional<Project> project(Handle handle, String id) {
    return handle
        .createQuery("SELECT id, org_id, team_id, slug, policy FROM project WHERE id = ?")
        .bind(0, id)
        .map(
            (row, _) ->
                project(
                    row.getString("id"),
                    row.getString("org_id"),
                    row.getString("team_id"),
                    row.getString("slug"),
                    row.getString("policy")))
        .findOne();
  }

  private static Project project(String id, String org, String team, String slug, String policy) {
    ProjectPolicy read =
        policy.isBlank()
            ? ProjectPolicy.DEFAULT
            : PolicyJson.read(policy, ProjectPolicy.DEFAULT, "project " + id);
    return new Project(id, org, team, slug, read);
  }

  /** What an organisation demands; {@link PolicyRules#NO_DEMAND} when it has not said. */
  public ProjectPolicy demanded(String org) {
    return database.read(handle -> demanded(handle, org));
  }

  private static ProjectPolicy demanded(Handle handle, String org) {
    return handle
        .createQuery("SELECT policy FROM org_policy WHERE org_id = ?")
        .bind(0, org)
        .mapTo(String.class)
        .findOne()
        .map(text -> PolicyJson.read(text, PolicyRules.NO_DEMAND, "policy of " + org))
        .orElse(PolicyRules.NO_DEMAND);
  }

  /** What holds for a project: the tighter of its own policy and what is demanded. */
  public ProjectPolicy effective(Project project) {
    return PolicyRules.tighter(project.policy(), demanded(project.org()));
  }

  /**
   * Changes the policy of a project.
   *
   * @return where it would be looser than the organisation demands; nothing is changed then. Empty
   *     when it is done
   */
  public List<String> change(
      Actor actor, String id, ProjectPolicy policy, @Nullable String requestId) {
    ProjectPolicy complete = PolicyRules.complete(policy);
    return database.write(
        handle -> {
          Project before = project(handle, id).orElseThrow();
          List<String> looser = PolicyRules.looser(complete, demanded(handle, before.org()));
          if (looser.isEmpty()) {
            handle.execute(
                "UPDATE project SET policy = ? WHERE id = ?",
                PolicyJson.write(complete).toString(),
                id);
            audit.append(
                handle,
                AuditEntry.of(
                    actor,
                    before.org(),
                    "policy.change",
                    "project:" + id,
                    PolicyJson.write(before.policy()),
                    PolicyJson.write(complete),
                    requestId));
          }
          return looser;
        });
  }

  /** Sets what an organisation demands. It holds for all its projects at once. */
  public void demand(Actor actor, String org, ProjectPolicy policy, @Nullable String requestId) {
    ProjectPolicy complete = PolicyRules.complete(policy);
    database.run(
        handle -> {
          ProjectPolicy before = demanded(handle, org);
          handle.execute(
              "INSERT INTO org_policy (org_id, policy, updated_at) VALUES (?, ?, ?)"
                  + " ON CONFLICT (org_id) DO UPDATE"
                  + " SET policy = excluded.policy, updated_at = excluded.updated_at",
              org,
              PolicyJson.write(complete).toString(),
              clock.millis());
          audit.append(
              handle,
              AuditEntry.of(
                  actor,
                  org,
                  "policy.demand",
                  "org:" + org,
                  PolicyJson.write(before),
                  PolicyJson.write(complete),
                  requestId));
        });
  }
}
