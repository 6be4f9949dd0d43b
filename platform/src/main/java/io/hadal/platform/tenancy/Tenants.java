package io.hadal.platform.tenancy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.Ids;
import io.hadal.platform.db.Database;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Organisations, their teams, and the teams' projects. Nothing is deleted: what is archived stays
 * for the books and refuses work.
 */
public final class Tenants {
  private static final int LONGEST_NAME = 100;

  private static final String ORGS =
      """
      SELECT o.id, o.name, o.status, o.created_at, b.policy
      FROM org o LEFT JOIN tenant_bound b ON b.scope_type = 'org' AND b.scope_id = o.id
      """;

  private static final String TEAMS =
      """
      SELECT t.id, t.org_id, t.name, t.created_at, b.policy, b.archived_at
      FROM team t LEFT JOIN tenant_bound b ON b.scope_type = 'team' AND b.scope_id = t.id
      """;

  private static final String PROJECTS =
      """
      SELECT p.id, p.org_id, p.team_id, p.slug, p.name, p.status, p.policy, p.created_at,
        ob.policy AS org_policy, tb.policy AS team_policy
      FROM project p
      LEFT JOIN tenant_bound ob ON ob.scope_type = 'org' AND ob.scope_id = p.org_id
      LEFT JOIN tenant_bound tb ON tb.scope_type = 'team' AND tb.scope_id = p.team_id
      """;

  private final Database database;
  private final Clock clock;

  /**
   * An organisation.
   *
   * @param bound what bounds the policies of its projects
   */
  public record Org(
      String id, String name, boolean archived, ProjectPolicy bound, long createdAt) {}

  /**
   * A team.
   *
   * @param bound what bounds the policies of its projects, besides that of the organisation
   */
  public record Team(
      String id, String org, String name, boolean archived, ProjectPolicy bound, long createdAt) {}

  /**
   * A project.
   *
   * @param slug name in requests, unique in the organisation
   * @param policy what holds, after the bounds above
   */
  public record Project(
      String id,
      String org,
      String team,
      String slug,
      String name,
      boolean archived,
      ProjectPolicy policy,
      long createdAt) {
    public Place place() {
      return Place.project(org, team, id);
    }
  }

  public Tenants(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /**
   * The policy of a project as rows keep it.
   *
   * @param org policy of the organisation's row of bounds; null without
   * @param team that of the team's; null without
   */
  public static ProjectPolicy policy(String project, @Nullable String org, @Nullable String team) {
    return parsed(project, ProjectPolicy.DEFAULT)
        .within(parsed(team, ProjectPolicy.OPEN))
        .within(parsed(org, ProjectPolicy.OPEN))
        .effective();
  }

  private static ProjectPolicy parsed(@Nullable String json, ProjectPolicy base) {
    return json == null || json.isBlank()
        ? base
        : base.with(Json.parse(json.getBytes(StandardCharsets.UTF_8), "policy"));
  }

  // Organisations

  /**
   * A new organisation.
   *
   * @throws FormatException when the name is empty, too long or taken
   */
  public Org createOrg(String name) {
    String id = Ids.next("org_");
    String text = name("name", name);
    database.run(
        h -> {
          requireFree(h, "SELECT count(*) FROM org WHERE name = :name", "", text, "");
          h.createUpdate(
                  "INSERT INTO org (id, name, status, created_at)"
                      + " VALUES (:id, :name, 'active', :now)")
              .bind("id", id)
              .bind("name", text)
              .bind("now", clock.millis())
              .execute();
        });
    return required(org(id));
  }

  public @Nullable Org org(String id) {
    return database.read(
        h ->
            h.createQuery(ORGS + " WHERE o.id = :id")
                .bind("id", id)
                .map((rs, c) -> org(rs))
                .findOne()
                .orElse(null));
  }

  /** Organisations in the order of their making. */
  public Page<Org> orgs(Permissions.Visible visible, @Nullable String after, int limit) {
    List<Org> rows =
        database.read(
            h ->
                h.createQuery(
                        ORGS
                            + " WHERE (:all = 1 OR o.id IN (<orgs>))"
                            + following("org", "o")
                            + " ORDER BY o.created_at, o.id LIMIT :limit")
                    .bind("all", visible.all() ? 1 : 0)
                    .bindList("orgs", some(visible.orgs()))
                    .bind("after", after == null ? "" : after)
                    .bind("limit", limit + 1)
                    .map((rs, c) -> org(rs))
                    .list());
    return Page.of(rows, limit, Org::id);
  }

  /**
   * Changes what is given.
   *
   * @param name null to keep it
   * @param bound fields of the bound to change; null to keep it
   * @throws FormatException when it cannot be so
   */
  public Org updateOrg(String id, @Nullable String name, @Nullable JsonNode bound) {
    Org org = required(org(id));
    database.run(
        h -> {
          if (name != null) {
            String text = name("name", name);
            requireFree(
                h, "SELECT count(*) FROM org WHERE name = :name AND id <> :id", "", text, id);
            h.execute("UPDATE org SET name = ? WHERE id = ?", text, id);
          }
          if (bound != null) {
            saveBound(h, "org", id, org.bound().with(bound));
          }
        });
    return required(org(id));
  }

  /** Archives an organisation: its keys and people are refused from now on. */
  public Org archiveOrg(String id) {
    changed(h -> h.execute("UPDATE org SET status = 'archived' WHERE id = ?", id));
    return required(org(id));
  }

  private static Org org(ResultSet rs) throws SQLException {
    return new Org(
        rs.getString("id"),
        rs.getString("name"),
        !rs.getString("status").equals("active"),
        parsed(rs.getString("policy"), ProjectPolicy.OPEN),
        rs.getLong("created_at"));
  }

  // Teams

  /**
   * A new team.
   *
   * @throws FormatException when there is no such organisation, or the name is taken there
   */
  public Team createTeam(String org, String name) {
    String id = Ids.next("team_");
    String text = name("name", name);
    if (org(org) == null) {
      throw new FormatException("org", "there is no org '" + org + "'");
    }
    database.run(
        h -> {
          requireFree(
              h, "SELECT count(*) FROM team WHERE org_id = :in AND name = :name", org, text, "");
          h.createUpdate(
                  "INSERT INTO team (id, org_id, name, created_at)"
                      + " VALUES (:id, :org, :name, :now)")
              .bind("id", id)
              .bind("org", org)
              .bind("name", text)
              .bind("now", clock.millis())
              .execute();
        });
    return required(team(id));
  }

  public @Nullable Team team(String id) {
    return database.read(
        h ->
            h.createQuery(TEAMS + " WHERE t.id = :id")
                .bind("id", id)
                .map((rs, c) -> team(rs))
                .findOne()
                .orElse(null));
  }

  /**
   * Teams in the order of their making.
   *
   * @param org null for those of all organisations
   */
  public Page<Team> teams(
      Permissions.Visible visible, @Nullable String org, @Nullable String after, int limit) {
    List<Team> rows =
        database.read(
            h ->
                h.createQuery(
                        TEAMS
                            + " WHERE (:all = 1 OR t.org_id IN (<orgs>) OR t.id IN (<teams>))"
                            + " AND (:org = '' OR t.org_id = :org)"
                            + following("team", "t")
                            + " ORDER BY t.created_at, t.id LIMIT :limit")
                    .bind("all", visible.all() ? 1 : 0)
                    .bindList("orgs", some(visible.orgs()))
                    .bindList("teams", some(visible.teams()))
                    .bind("org", org == null ? "" : org)
                    .bind("after", after == null ? "" : after)
                    .bind("limit", limit + 1)
                    .map((rs, c) -> team(rs))
                    .list());
    return Page.of(rows, limit, Team::id);
  }

  /**
   * Changes what is given.
   *
   * @param name null to keep it
   * @param bound fields of the bound to change; null to keep it
   * @throws FormatException when it cannot be so
   */
  public Team updateTeam(String id, @Nullable String name, @Nullable JsonNode bound) {
    Team team = required(team(id));
    Org org = required(org(team.org()));
    database.run(
        h -> {
          if (name != null) {
            String text = name("name", name);
            requireFree(
                h,
                "SELECT count(*) FROM team WHERE org_id = :in AND name = :name AND id <> :id",
                team.org(),
                text,
                id);
            h.execute("UPDATE team SET name = ? WHERE id = ?", text, id);
          }
          if (bound != null) {
            ProjectPolicy now = team.bound().within(org.bound()).with(bound);
            now.requireWithin(org.bound());
            saveBound(h, "team", id, now);
          }
        });
    return required(team(id));
  }

  /** Archives a team: its projects' keys are refused from now on. */
  public Team archiveTeam(String id) {
    changed(
        h ->
            h.createUpdate(
                    """
                    INSERT INTO tenant_bound (scope_type, scope_id, archived_at)
                    VALUES ('team', :id, :now)
                    ON CONFLICT (scope_type, scope_id) DO UPDATE SET archived_at = :now
                    """)
                .bind("id", id)
                .bind("now", clock.millis())
                .execute());
    return required(team(id));
  }

  private static Team team(ResultSet rs) throws SQLException {
    return new Team(
        rs.getString("id"),
        rs.getString("org_id"),
        rs.getString("name"),
        rs.getLong("archived_at") > 0,
        parsed(rs.getString("policy"), ProjectPolicy.OPEN),
        rs.getLong("created_at"));
  }

  // Projects

  /**
   * A new project.
   *
   * @param slug small letters, digits and -; unique in the organisation
   * @param policy what differs from the defaults; null for nothing
   * @throws FormatException when it cannot be so
   */
  public Project createProject(String team, String slug, String name, @Nullable JsonNode policy) {
    Team owner = team(team);
    if (owner == null || owner.archived()) {
      throw new FormatException("team", "there is no team '" + team + "'");
    }
    String id = Ids.next("proj_");
    String text = name("name", name);
    String handle = slug(slug);
    ProjectPolicy bound = bound(owner);
    ProjectPolicy holds = ProjectPolicy.DEFAULT.within(bound);
    if (policy != null) {
      holds = holds.with(policy);
      holds.requireWithin(bound);
    }
    String json = holds.json().toString();
    database.run(
        h -> {
          requireFreeSlug(h, owner.org(), handle, "");
          h.createUpdate(
                  """
                  INSERT INTO project
                    (id, org_id, team_id, slug, name, status, policy, created_at)
                  VALUES (:id, :org, :team, :slug, :name, 'active', :policy, :now)
                  """)
              .bind("id", id)
              .bind("org", owner.org())
              .bind("team", team)
              .bind("slug", handle)
              .bind("name", text)
              .bind("policy", json)
              .bind("now", clock.millis())
              .execute();
        });
    return required(project(id));
  }

  private ProjectPolicy bound(Team team) {
    return team.bound().within(required(org(team.org())).bound());
  }

  public @Nullable Project project(String id) {
    return database.read(
        h ->
            h.createQuery(PROJECTS + " WHERE p.id = :id")
                .bind("id", id)
                .map((rs, c) -> project(rs))
                .findOne()
                .orElse(null));
  }

  /** The project with a slug in an organisation. */
  public @Nullable Project projectBySlug(String org, String slug) {
    return database.read(
        h ->
            h.createQuery(PROJECTS + " WHERE p.org_id = :org AND p.slug = :slug")
                .bind("org", org)
                .bind("slug", slug)
                .map((rs, c) -> project(rs))
                .findOne()
                .orElse(null));
  }

  /**
   * Projects in the order of their making.
   *
   * @param org null for those of all organisations
   * @param team null for those of all teams
   */
  public Page<Project> projects(
      Permissions.Visible visible,
      @Nullable String org,
      @Nullable String team,
      @Nullable String after,
      int limit) {
    List<Project> rows =
        database.read(
            h ->
                h.createQuery(
                        PROJECTS
                            + " WHERE (:all = 1 OR p.org_id IN (<orgs>) OR p.team_id IN (<teams>)"
                            + " OR p.id IN (<projects>))"
                            + " AND (:org = '' OR p.org_id = :org)"
                            + " AND (:team = '' OR p.team_id = :team)"
                            + following("project", "p")
                            + " ORDER BY p.created_at, p.id LIMIT :limit")
                    .bind("all", visible.all() ? 1 : 0)
                    .bindList("orgs", some(visible.orgs()))
                    .bindList("teams", some(visible.teams()))
                    .bindList("projects", some(visible.projects()))
                    .bind("org", org == null ? "" : org)
                    .bind("team", team == null ? "" : team)
                    .bind("after", after == null ? "" : after)
                    .bind("limit", limit + 1)
                    .map((rs, c) -> project(rs))
                    .list());
    return Page.of(rows, limit, Project::id);
  }

  /**
   * Changes what is given.
   *
   * @param slug null to keep it
   * @param name null to keep it
   * @param policy fields of the policy to change; null to keep it
   * @throws FormatException when it cannot be so
   */
  public Project updateProject(
      String id, @Nullable String slug, @Nullable String name, @Nullable JsonNode policy) {
    Project project = required(project(id));
    ProjectPolicy bound = bound(required(team(project.team())));
    changed(
        h -> {
          if (slug != null) {
            requireFreeSlug(h, project.org(), slug(slug), id);
            h.execute("UPDATE project SET slug = ? WHERE id = ?", slug(slug), id);
          }
          if (name != null) {
            h.execute("UPDATE project SET name = ? WHERE id = ?", name("name", name), id);
          }
          if (policy != null) {
            ProjectPolicy now = project.policy().with(policy);
            now.requireWithin(bound);
            h.execute("UPDATE project SET policy = ? WHERE id = ?", now.json().toString(), id);
          }
        });
    return required(project(id));
  }

  /** Archives a project: its keys are refused from now on. */
  public Project archiveProject(String id) {
    changed(h -> h.execute("UPDATE project SET status = 'archived' WHERE id = ?", id));
    return required(project(id));
  }

  private static Project project(ResultSet rs) throws SQLException {
    return new Project(
        rs.getString("id"),
        rs.getString("org_id"),
        rs.getString("team_id"),
        rs.getString("slug"),
        rs.getString("name"),
        !rs.getString("status").equals("active"),
        policy(rs.getString("policy"), rs.getString("org_policy"), rs.getString("team_policy")),
        rs.getLong("created_at"));
  }

  // Places

  /**
   * Where something is in the tree.
   *
   * @param type {@code org}, {@code team}, {@code project}, {@code principal} or {@code key}
   * @return null when there is no such thing
   */
  public @Nullable Place place(String type, String id) {
    String sql =
        switch (type) {
          case "org" -> "SELECT id, NULL, NULL FROM org WHERE id = :id";
          case "team" -> "SELECT org_id, id, NULL FROM team WHERE id = :id";
          case "project" -> "SELECT org_id, team_id, id FROM project WHERE id = :id";
          case "principal" -> "SELECT org_id, NULL, NULL FROM principal WHERE id = :id";
          case "key" ->
              "SELECT p.org_id, p.team_id, p.id FROM api_key k"
                  + " JOIN project p ON p.id = k.project_id WHERE k.id = :id";
          default -> null;
        };
    return sql == null
        ? null
        : database.read(
            h ->
                h.createQuery(sql)
                    .bind("id", id)
                    .map((rs, c) -> new Place(rs.getString(1), rs.getString(2), rs.getString(3)))
                    .findOne()
                    .orElse(null));
  }

  // What is common

  private void changed(Consumer<Handle> work) {
    database.run(
        h -> {
          work.accept(h);
          TenancyVersion.changed(h);
        });
  }

  private static void saveBound(Handle h, String type, String id, ProjectPolicy bound) {
    h.createUpdate(
            """
            INSERT INTO tenant_bound (scope_type, scope_id, policy) VALUES (:type, :id, :policy)
            ON CONFLICT (scope_type, scope_id) DO UPDATE SET policy = :policy
            """)
        .bind("type", type)
        .bind("id", id)
        .bind("policy", bound.json().toString())
        .execute();
    TenancyVersion.changed(h);
  }

  /** Continues a list behind one of its rows. */
  private static String following(String table, String alias) {
    return (" AND (:after = '' OR (%2$s.created_at, %2$s.id) >"
            + " (SELECT x.created_at, x.id FROM %1$s x WHERE x.id = :after))")
        .formatted(table, alias);
  }

  /** A list that is not empty, as SQL wants it; no id is empty. */
  static List<String> some(List<String> ids) {
    List<String> some = new ArrayList<>(ids);
    some.add("");
    return some;
  }

  static String name(String field, String text) {
    String stripped = text.strip();
    if (stripped.isEmpty() || stripped.length() > LONGEST_NAME || !Names.isPlain(stripped)) {
      throw new FormatException(
          field, "must be 1 to " + LONGEST_NAME + " characters that can be seen");
    }
    return stripped;
  }

  private static String slug(String text) {
    if (!text.matches("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")) {
      throw new FormatException(
          "slug", "must be 1 to 63 small letters, digits and -, without - at its ends");
    }
    return text;
  }

  private static void requireFree(Handle h, String sql, String in, String name, String id) {
    var query = h.createQuery(sql).bind("name", name);
    if (sql.contains(":in")) {
      query.bind("in", in);
    }
    if (sql.contains(":id")) {
      query.bind("id", id);
    }
    if (query.mapTo(Integer.class).one() > 0) {
      throw new FormatException("name", "'" + name + "' is taken");
    }
  }

  private static void requireFreeSlug(Handle h, String org, String slug, String but) {
    int taken =
        h.createQuery(
                "SELECT count(*) FROM project"
                    + " WHERE org_id = :org AND slug = :slug AND id <> :but")
            .bind("org", org)
            .bind("slug", slug)
            .bind("but", but)
            .mapTo(Integer.class)
            .one();
    if (taken > 0) {
      throw new FormatException("slug", "'" + slug + "' is taken");
    }
  }

  private static <T> T required(@Nullable T row) {
    if (row == null) {
      throw new FormatException("id", "there is no such thing");
    }
    return row;
  }
}
