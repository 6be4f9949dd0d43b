package io.hadal.platform.limits;

import io.hadal.platform.db.Database;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks up whom limits and budgets are for. */
public final class SubjectLookup {
  private final Database database;

  public SubjectLookup(Database database) {
    this.database = database;
  }

  /**
   * The organisation that a scope's id belongs to.
   *
   * @return null when nothing has this id
   */
  public @Nullable String org(LimitScope scope, String id) {
    String sql =
        switch (scope) {
          case ORG -> "SELECT id FROM org WHERE id = :id";
          case TEAM -> "SELECT org_id FROM team WHERE id = :id";
          case PROJECT, END_USER -> "SELECT org_id FROM project WHERE id = :id";
          case KEY ->
              "SELECT p.org_id FROM api_key k JOIN project p ON p.id = k.project_id"
                  + " WHERE k.id = :id";
        };
    int slash = id.indexOf('/');
    String row = scope == LimitScope.END_USER && slash >= 0 ? id.substring(0, slash) : id;
    Optional<String> org =
        database.read(h -> h.createQuery(sql).bind("id", row).mapTo(String.class).findOne());
    return org.orElse(null);
  }

  /** Who a request with a key would be, as far as limits ask; null when there is none. */
  public @Nullable Identity key(String id) {
    return identity(
        "SELECT p.org_id, p.team_id, p.id, k.id FROM api_key k JOIN project p ON p.id ="
            + " k.project_id WHERE k.id = :id",
        id);
  }

  /** Who a request of a project with no special key would be; null when there is none. */
  public @Nullable Identity project(String id) {
    return identity("SELECT org_id, team_id, id, '' FROM project WHERE id = :id", id);
  }

  private @Nullable Identity identity(String sql, String id) {
    Optional<Identity> found =
        database.read(
            h ->
                h.createQuery(sql)
                    .bind("id", id)
                    .map(
                        (rs, ctx) ->
                            new Identity(
                                rs.getString(1),
                                rs.getString(2),
                                rs.getString(3),
                                rs.getString(4),
                                null,
                                Set.of(),
                                List.of(),
                                ProjectPolicy.DEFAULT))
                    .findOne());
    return found.orElse(null);
  }
}
