package io.hadal.platform.tenancy;

import io.hadal.formats.FormatException;
import io.hadal.platform.Ids;
import io.hadal.platform.db.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** People and services of organisations, and the roles they have been granted. */
public final class Principals {
  private static final int MOST_GRANTS = 1000;

  private static final String PRINCIPALS =
      "SELECT id, org_id, kind, name, email, oidc_subject, status, created_at FROM principal";

  private final Database database;
  private final Clock clock;

  /** What a principal is. */
  public enum Kind {
    USER,
    SERVICE;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A person or service.
   *
   * @param subject issuer and subject of its sign-in; null for one that has not signed in so
   */
  public record Principal(
      String id,
      String org,
      Kind kind,
      String name,
      @Nullable String email,
      @Nullable String subject,
      boolean archived,
      long createdAt) {}

  /**
   * A role that a principal has somewhere.
   *
   * @param source {@code local}, or {@code oidc} for one that each sign-in decides anew
   */
  public record Held(String principal, Actor.Grant grant, String source, long createdAt) {}

  public Principals(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /**
   * A new principal, without any role.
   *
   * @throws FormatException when there is no such organisation, or a text is unusable
   */
  public Principal create(String org, Kind kind, String name, @Nullable String email) {
    String id = Ids.next("prn_");
    String text = Tenants.name("name", name);
    String mail = email(email);
    database.run(
        h -> {
          int orgs =
              h.createQuery("SELECT count(*) FROM org WHERE id = :org AND status = 'active'")
                  .bind("org", org)
                  .mapTo(Integer.class)
                  .one();
          if (orgs == 0) {
            throw new FormatException("org", "there is no org '" + org + "'");
          }
          insert(h, id, org, kind, text, mail, null);
        });
    return required(get(id));
  }

  private void insert(
      Handle h,
      String id,
      String org,
      Kind kind,
      String name,
      @Nullable String email,
      @Nullable String subject) {
    h.createUpdate(
            """
            INSERT INTO principal (id, org_id, kind, name, email, oidc_subject, status, created_at)
            VALUES (:id, :org, :kind, :name, :email, :subject, 'active', :now)
            """)
        .bind("id", id)
        .bind("org", org)
        .bind("kind", kind.text())
        .bind("name", name)
        .bind("email", email)
        .bind("subject", subject)
        .bind("now", clock.millis())
        .execute();
  }

  public @Nullable Principal get(String id) {
    return database.read(
        h ->
            h.createQuery(PRINCIPALS + " WHERE id = :id")
                .bind("id", id)
                .map((rs, c) -> principal(rs))
                .findOne()
                .orElse(null));
  }

  /**
   * Principals in the order of their making.
   *
   * @param org null for those of all organisations
   */
  public Page<Principal> list(
      Permissions.Visible visible, @Nullable String org, @Nullable String after, int limit) {
    List<Principal> rows =
        database.read(
            h ->
                h.createQuery(
                        PRINCIPALS
                            + " WHERE (:all = 1 OR org_id IN (<orgs>))"
                            + " AND (:org = '' OR org_id = :org)"
                            + " AND (:after = '' OR (created_at, id) >"
                            + " (SELECT x.created_at, x.id FROM principal x WHERE x.id = :after))"
                            + " ORDER BY created_at, id LIMIT :limit")
                    .bind("all", visible.all() ? 1 : 0)
                    .bindList("orgs", Tenants.some(visible.orgs()))
                    .bind("org", org == null ? "" : org)
                    .bind("after", after == null ? "" : after)
                    .bind("limit", limit + 1)
                    .map((rs, c) -> principal(rs))
                    .list());
    return Page.of(rows, limit, Principal::id);
  }

  /**
   * Changes what is given.
   *
   * @param name null to keep it
   * @param email null to keep it
   * @throws FormatException when a text is unusable
   */
  public Principal update(String id, @Nullable String name, @Nullable String email) {
    Principal before = required(get(id));
    database.run(
        h ->
            h.execute(
                "UPDATE principal SET name = ?, email = ? WHERE id = ?",
                name == null ? before.name() : Tenants.name("name", name),
                email == null ? before.email() : email(email),
                id));
    return required(get(id));
  }

  /** Archives a principal: its sessions end, its keys are refused. */
  public Principal archive(String id) {
    database.run(
        h -> {
          h.execute("UPDATE principal SET status = 'archived' WHERE id = ?", id);
          h.execute("DELETE FROM session WHERE principal_id = ?", id);
          TenancyVersion.changed(h);
        });
    return required(get(id));
  }

  /** Roles of a principal. */
  public List<Held> grants(String principal) {
    return database.read(h -> grants(h, "principal_id", principal));
  }

  /** Roles that hold exactly at a place, not those inherited from above. */
  public List<Held> grantsAt(String scopeType, String scopeId) {
    return database.<List<Held>>read(h -> grants(h, "scope_id", scopeId)).stream()
        .filter(held -> held.grant().scopeType().equals(scopeType))
        .toList();
  }

  private static List<Held> grants(Handle h, String column, String value) {
    return h.createQuery(
            "SELECT principal_id, scope_type, scope_id, role, source, created_at FROM role_grant"
                + " WHERE "
                + column
                + " = :value ORDER BY created_at, principal_id, scope_id, role LIMIT "
                + MOST_GRANTS)
        .bind("value", value)
        .map(
            (rs, c) ->
                new Held(
                    rs.getString("principal_id"),
                    new Actor.Grant(
                        role(rs.getString("role")),
                        rs.getString("scope_type"),
                        rs.getString("scope_id")),
                    rs.getString("source"),
                    rs.getLong("created_at")))
        .list();
  }

  /**
   * The role of a name.
   *
   * @throws FormatException when there is none
   */
  public static Role role(String name) {
    for (Role role : Role.values()) {
      if (role.name().equalsIgnoreCase(name)) {
        return role;
      }
    }
    throw new FormatException(
        "role", "must be one of owner, admin, billing, developer, auditor, viewer");
  }

  /**
   * Grants a role. Whether the one who does so may is not asked here.
   *
   * @throws FormatException when the place is not in the principal's organisation
   */
  public void grant(String principal, Actor.Grant grant) {
    Principal holder = required(get(principal));
    database.run(
        h -> {
          requireInOrg(h, holder.org(), grant);
          insert(h, principal, grant, "local");
          TenancyVersion.changed(h);
        });
  }

  private void insert(Handle h, String principal, Actor.Grant grant, String source) {
    h.createUpdate(
            """
            INSERT INTO role_grant (principal_id, scope_type, scope_id, role, source, created_at)
            VALUES (:principal, :type, :id, :role, :source, :now)
            ON CONFLICT (principal_id, scope_type, scope_id, role) DO NOTHING
            """)
        .bind("principal", principal)
        .bind("type", grant.scopeType())
        .bind("id", grant.scopeId())
        .bind("role", grant.role().name().toLowerCase(Locale.ROOT))
        .bind("source", source)
        .bind("now", clock.millis())
        .execute();
  }

  private static void requireInOrg(Handle h, String org, Actor.Grant grant) {
    if (grant.scopeType().equals("all")) {
      if (!grant.scopeId().equals("*")) {
        throw new FormatException("scope_id", "must be * for the scope all");
      }
      return;
    }
    String sql =
        switch (grant.scopeType()) {
          case "org" -> "SELECT id FROM org WHERE id = :id";
          case "team" -> "SELECT org_id FROM team WHERE id = :id";
          case "project" -> "SELECT org_id FROM project WHERE id = :id";
          default -> throw new FormatException("scope_type", "must be org, team, project or all");
        };
    String owner =
        h.createQuery(sql).bind("id", grant.scopeId()).mapTo(String.class).findOne().orElse(null);
    if (!Objects.equals(owner, org)) {
      throw new FormatException(
          "scope_id",
          "there is no %s '%s' in the principal's org"
              .formatted(grant.scopeType(), grant.scopeId()));
    }
  }

  /** Takes a role away; true when it was there. */
  public boolean withdraw(String principal, Actor.Grant grant) {
    return database.write(
        h -> {
          int rows =
              h.createUpdate(
                      """
                      DELETE FROM role_grant WHERE principal_id = :principal
                      AND scope_type = :type AND scope_id = :id AND role = :role
                      """)
                  .bind("principal", principal)
                  .bind("type", grant.scopeType())
                  .bind("id", grant.scopeId())
                  .bind("role", grant.role().name().toLowerCase(Locale.ROOT))
                  .execute();
          TenancyVersion.changed(h);
          return rows > 0;
        });
  }

  /**
   * Somebody whom an identity provider vouches for: made at the first time, with the roles of this
   * sign-in in place of those of the last.
   *
   * @param subject issuer and subject
   * @param org where a new one belongs
   * @return null when this principal is archived
   */
  public @Nullable Principal signedIn(
      String subject, String org, String name, @Nullable String email, List<Actor.Grant> grants) {
    String id =
        database.<@Nullable String>write(
            h -> {
              Principal known =
                  h.createQuery(PRINCIPALS + " WHERE oidc_subject = :subject")
                      .bind("subject", subject)
                      .map((rs, c) -> principal(rs))
                      .findOne()
                      .orElse(null);
              if (known != null && known.archived()) {
                return null;
              }
              String principal = known == null ? Ids.next("prn_") : known.id();
              String home = known == null ? org : known.org();
              if (known == null) {
                insert(h, principal, home, Kind.USER, name, email, subject);
              } else {
                h.execute(
                    "UPDATE principal SET name = ?, email = ? WHERE id = ?",
                    name,
                    email,
                    principal);
                h.execute(
                    "DELETE FROM role_grant WHERE principal_id = ? AND source = 'oidc'", principal);
              }
              for (Actor.Grant grant : grants) {
                requireInOrg(h, home, grant);
                insert(h, principal, grant, "oidc");
              }
              TenancyVersion.changed(h);
              return principal;
            });
    return id == null ? null : get(id);
  }

  /**
   * A principal as the one who administers.
   *
   * @return null when it or its organisation is archived
   */
  public @Nullable Actor actor(String principal, String address) {
    return database.<@Nullable Actor>read(
        h -> {
          Principal who =
              h.createQuery(
                      PRINCIPALS
                          + " WHERE id = :id AND status = 'active'"
                          + " AND (SELECT o.status FROM org o WHERE o.id = org_id) = 'active'")
                  .bind("id", principal)
                  .map((rs, c) -> principal(rs))
                  .findOne()
                  .orElse(null);
          if (who == null) {
            return null;
          }
          List<Actor.Grant> grants =
              grants(h, "principal_id", principal).stream().map(Held::grant).toList();
          boolean all = grants.stream().anyMatch(grant -> grant.scopeType().equals("all"));
          return new Actor(who.id(), who.name(), all ? null : who.org(), grants, address);
        });
  }

  private static Principal principal(ResultSet rs) throws SQLException {
    return new Principal(
        rs.getString("id"),
        rs.getString("org_id"),
        rs.getString("kind").equals("service") ? Kind.SERVICE : Kind.USER,
        rs.getString("name"),
        rs.getString("email"),
        rs.getString("oidc_subject"),
        !rs.getString("status").equals("active"),
        rs.getLong("created_at"));
  }

  private static @Nullable String email(@Nullable String text) {
    if (text == null) {
      return null;
    }
    if (text.length() > 254 || !text.matches("[^@\\s\\p{Cntrl}]+@[^@\\s\\p{Cntrl}]+")) {
      throw new FormatException("email", "must be an address");
    }
    return text;
  }

  private static <T> T required(@Nullable T row) {
    if (row == null) {
      throw new FormatException("principal", "there is no such principal");
    }
    return row;
  }
}
