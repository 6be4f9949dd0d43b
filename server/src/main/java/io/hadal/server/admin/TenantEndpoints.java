package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.Refusal;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Page;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Permissions.Visible;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Principals.Held;
import io.hadal.platform.tenancy.Principals.Principal;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.platform.tenancy.Tenants.Org;
import io.hadal.platform.tenancy.Tenants.Project;
import io.hadal.platform.tenancy.Tenants.Team;
import io.hadal.server.http.HttpProblem;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Organisations, teams, projects, principals and their roles. */
public final class TenantEndpoints implements EndpointGroup {
  private static final Set<String> LISTS = Set.of("/orgs", "/teams", "/projects", "/principals");

  private final Tenants tenants;
  private final Principals principals;
  private final Runnable changed;

  /**
   * Endpoints of tenants.
   *
   * @param changed is run when policies, or who may do something, may have changed
   */
  public TenantEndpoints(Tenants tenants, Principals principals, Runnable changed) {
    this.tenants = tenants;
    this.principals = principals;
    this.changed = changed;
  }

  @Override
  public List<Endpoint> endpoints() {
    return all().stream()
        .map(
            e ->
                e.method().equals("GET")
                    ? e
                    : new Endpoint(
                        e.method(),
                        e.path(),
                        e.permission(),
                        e.summary(),
                        call -> {
                          JsonNode answer = e.handler().handle(call);
                          changed.run();
                          return answer;
                        }))
        .toList();
  }

  private List<Endpoint> all() {
    Permission readOrg = Permission.read(Resource.ORG);
    Permission writeOrg = Permission.write(Resource.ORG);
    Permission readTeam = Permission.read(Resource.TEAM);
    Permission writeTeam = Permission.write(Resource.TEAM);
    Permission readProject = Permission.read(Resource.PROJECT);
    Permission writeProject = Permission.write(Resource.PROJECT);
    Permission readPrincipal = Permission.read(Resource.PRINCIPAL);
    Permission writePrincipal = Permission.write(Resource.PRINCIPAL);
    Permission readGrant = Permission.read(Resource.GRANT);
    Permission writeGrant = Permission.write(Resource.GRANT);
    return List.of(
        new Endpoint("GET", "/orgs", readOrg, "List orgs", this::orgs),
        new Endpoint("POST", "/orgs", writeOrg, "Create an org", this::createOrg),
        new Endpoint("GET", "/orgs/{org}", readOrg, "Show an org", this::org),
        new Endpoint("PATCH", "/orgs/{org}", writeOrg, "Change an org", this::updateOrg),
        new Endpoint("DELETE", "/orgs/{org}", writeOrg, "Archive an org", this::archiveOrg),
        new Endpoint("GET", "/teams", readTeam, "List teams", this::teams),
        new Endpoint("POST", "/teams", writeTeam, "Create a team in an org", this::createTeam),
        new Endpoint("GET", "/teams/{team}", readTeam, "Show a team", this::team),
        new Endpoint("PATCH", "/teams/{team}", writeTeam, "Change a team", this::updateTeam),
        new Endpoint("DELETE", "/teams/{team}", writeTeam, "Archive a team", this::archiveTeam),
        new Endpoint("GET", "/projects", readProject, "List projects", this::projects),
        new Endpoint(
            "POST", "/projects", writeProject, "Create a project in a team", this::createProject),
        new Endpoint("GET", "/projects/{project}", readProject, "Show a project", this::project),
        new Endpoint(
            "PATCH",
            "/projects/{project}",
            writeProject,
            "Change a project and its policy",
            this::updateProject),
        new Endpoint(
            "DELETE",
            "/projects/{project}",
            writeProject,
            "Archive a project",
            this::archiveProject),
        new Endpoint(
            "GET", "/principals", readPrincipal, "List people and services", this::principals),
        new Endpoint(
            "POST",
            "/principals",
            writePrincipal,
            "Create a person or service in an org",
            this::createPrincipal),
        new Endpoint(
            "GET",
            "/principals/{principal}",
            readPrincipal,
            "Show a person or service",
            this::principal),
        new Endpoint(
            "PATCH",
            "/principals/{principal}",
            writePrincipal,
            "Change a person or service",
            this::updatePrincipal),
        new Endpoint(
            "DELETE",
            "/principals/{principal}",
            writePrincipal,
            "Archive a person or service and end its sessions",
            this::archivePrincipal),
        new Endpoint(
            "GET",
            "/grants",
            readGrant,
            "List roles of a principal, or those granted at a place",
            this::grants),
        new Endpoint("POST", "/grants", writeGrant, "Grant a role", this::grant),
        new Endpoint(
            "DELETE",
            "/grants/{holder}/{scope_type}/{scope_id}/{role}",
            writeGrant,
            "Withdraw a role",
            this::withdraw));
  }

  @Override
  public @Nullable Place place(Endpoint endpoint, AdminCall call) {
    if (endpoint.method().equals("GET") && LISTS.contains(endpoint.path())) {
      return Place.ANYWHERE;
    }
    // Whom a role is taken from belongs to the org; the role's place decides who may.
    return endpoint.path().startsWith("/grants/")
        ? tenants.place(call.path("scope_type"), call.path("scope_id"))
        : null;
  }

  private static Visible visible(AdminCall call, Resource resource) {
    return Permissions.visible(call.actor(), Permission.read(resource));
  }

  // Organisations

  private JsonNode orgs(AdminCall call) {
    return AdminJson.page(
        tenants.orgs(visible(call, Resource.ORG), call.query("after"), AdminLists.limit(call)),
        TenantEndpoints::json);
  }

  private JsonNode createOrg(AdminCall call) {
    return json(tenants.createOrg(call.required("name")));
  }

  private JsonNode org(AdminCall call) {
    return json(found(tenants.org(call.path("org")), "The org"));
  }

  private JsonNode updateOrg(AdminCall call) {
    String id = found(tenants.org(call.path("org")), "The org").id();
    return json(tenants.updateOrg(id, call.text("name"), policy(call)));
  }

  private JsonNode archiveOrg(AdminCall call) {
    return json(tenants.archiveOrg(found(tenants.org(call.path("org")), "The org").id()));
  }

  private static ObjectNode json(Org org) {
    ObjectNode json = AdminJson.object();
    json.put("id", org.id())
        .put("name", org.name())
        .put("archived", org.archived())
        .put("created_at", AdminJson.time(org.createdAt()));
    json.set("policy", org.bound().json());
    return json;
  }

  // Teams

  private JsonNode teams(AdminCall call) {
    return AdminJson.page(
        tenants.teams(
            visible(call, Resource.TEAM),
            call.query("org"),
            call.query("after"),
            AdminLists.limit(call)),
        TenantEndpoints::json);
  }

  private JsonNode createTeam(AdminCall call) {
    return json(tenants.createTeam(call.required("org"), call.required("name")));
  }

  private JsonNode team(AdminCall call) {
    return json(found(tenants.team(call.path("team")), "The team"));
  }

  private JsonNode updateTeam(AdminCall call) {
    String id = found(tenants.team(call.path("team")), "The team").id();
    return json(tenants.updateTeam(id, call.text("name"), policy(call)));
  }

  private JsonNode archiveTeam(AdminCall call) {
    return json(tenants.archiveTeam(found(tenants.team(call.path("team")), "The team").id()));
  }

  private static ObjectNode json(Team team) {
    ObjectNode json = AdminJson.object();
    json.put("id", team.id())
        .put("org", team.org())
        .put("name", team.name())
        .put("archived", team.archived())
        .put("created_at", AdminJson.time(team.createdAt()));
    json.set("policy", team.bound().json());
    return json;
  }

  // Projects

  private JsonNode projects(AdminCall call) {
    return AdminJson.page(
        tenants.projects(
            visible(call, Resource.PROJECT),
            call.query("org"),
            call.query("team"),
            call.query("after"),
            AdminLists.limit(call)),
        TenantEndpoints::json);
  }

  private JsonNode createProject(AdminCall call) {
    String slug = call.required("slug");
    String name = call.text("name");
    return json(
        tenants.createProject(
            call.required("team"), slug, name == null ? slug : name, policy(call)));
  }

  private JsonNode project(AdminCall call) {
    return json(found(tenants.project(call.path("project")), "The project"));
  }

  private JsonNode updateProject(AdminCall call) {
    String id = found(tenants.project(call.path("project")), "The project").id();
    return json(tenants.updateProject(id, call.text("slug"), call.text("name"), policy(call)));
  }

  private JsonNode archiveProject(AdminCall call) {
    return json(
        tenants.archiveProject(found(tenants.project(call.path("project")), "The project").id()));
  }

  private static ObjectNode json(Project project) {
    ObjectNode json = AdminJson.object();
    json.put("id", project.id())
        .put("org", project.org())
        .put("team", project.team())
        .put("slug", project.slug())
        .put("name", project.name())
        .put("archived", project.archived())
        .put("created_at", AdminJson.time(project.createdAt()));
    json.set("policy", project.policy().json());
    return json;
  }

  private static @Nullable JsonNode policy(AdminCall call) {
    JsonNode policy = call.body().get("policy");
    return policy == null || policy.isNull() ? null : policy;
  }

  // Principals

  private JsonNode principals(AdminCall call) {
    Page<Principal> page =
        principals.list(
            visible(call, Resource.PRINCIPAL),
            call.query("org"),
            call.query("after"),
            AdminLists.limit(call));
    return AdminJson.page(page, TenantEndpoints::json);
  }

  private JsonNode createPrincipal(AdminCall call) {
    String kind = call.text("kind");
    Principals.Kind parsed =
        switch (kind) {
          case null -> Principals.Kind.USER;
          case "user" -> Principals.Kind.USER;
          case "service" -> Principals.Kind.SERVICE;
          default -> throw Problem.invalid("kind", "must be user or service");
        };
    return json(
        principals.create(call.required("org"), parsed, call.required("name"), call.text("email")));
  }

  private JsonNode principal(AdminCall call) {
    return json(foundPrincipal(call.path("principal")));
  }

  private Principal foundPrincipal(String id) {
    return found(principals.get(id), "The principal");
  }

  private JsonNode updatePrincipal(AdminCall call) {
    Principal known = foundPrincipal(call.path("principal"));
    return json(principals.update(known.id(), call.text("name"), call.text("email")));
  }

  private JsonNode archivePrincipal(AdminCall call) {
    Principal known = foundPrincipal(call.path("principal"));
    // Whoever has more than the caller must not be locked out by it.
    for (Held held : principals.grants(known.id())) {
      requireIncludes(call.actor(), held.grant());
    }
    return json(principals.archive(known.id()));
  }

  private static ObjectNode json(Principal principal) {
    return AdminJson.object()
        .put("id", principal.id())
        .put("org", principal.org())
        .put("kind", principal.kind().name().toLowerCase(Locale.ROOT))
        .put("name", principal.name())
        .put("email", principal.email())
        .put("oidc", principal.subject() != null)
        .put("archived", principal.archived())
        .put("created_at", AdminJson.time(principal.createdAt()));
  }

  // Roles

  private JsonNode grants(AdminCall call) {
    String principal = call.query("principal");
    String type = call.query("scope_type");
    String id = call.query("scope_id");
    List<Held> held;
    if (principal != null) {
      held = principals.grants(foundPrincipal(principal).id());
      // The permission was for the place when one is named, and else for the principal's org.
      if (type != null && id != null) {
        held =
            held.stream()
                .filter(h -> h.grant().scopeType().equals(type) && h.grant().scopeId().equals(id))
                .toList();
      }
    } else if (type != null && id != null) {
      held = principals.grantsAt(type, id);
    } else {
      throw Problem.invalid("principal", "or scope_type and scope_id must be given");
    }
    return AdminJson.page(new Page<>(held, null), TenantEndpoints::json);
  }

  private JsonNode grant(AdminCall call) {
    Principal holder = foundPrincipal(call.required("principal"));
    Actor.Grant grant =
        new Actor.Grant(
            Principals.role(call.required("role")),
            call.required("scope_type"),
            call.required("scope_id"));
    requireIncludes(call.actor(), grant);
    principals.grant(holder.id(), grant);
    return principals.grants(holder.id()).stream()
        .filter(held -> held.grant().equals(grant))
        .map(TenantEndpoints::json)
        .findFirst()
        .orElseThrow(() -> HttpProblem.notFound("The grant"));
  }

  private @Nullable JsonNode withdraw(AdminCall call) {
    Actor.Grant grant =
        new Actor.Grant(
            Principals.role(call.path("role")), call.path("scope_type"), call.path("scope_id"));
    requireIncludes(call.actor(), grant);
    if (!principals.withdraw(call.path("holder"), grant)) {
      throw HttpProblem.notFound("The grant");
    }
    return null;
  }

  /** Nobody gives or takes a role that has more than it has itself. */
  private void requireIncludes(Actor actor, Actor.Grant grant) {
    Place place =
        grant.scopeType().equals("all")
            ? Place.ALL
            : tenants.place(grant.scopeType(), grant.scopeId());
    if (place == null || !Permissions.includes(actor, grant.role(), place)) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "This needs all that the role %s may do in %s."
              .formatted(
                  grant.role().name().toLowerCase(Locale.ROOT),
                  place == null ? grant.scopeType() + " " + grant.scopeId() : place.text()));
    }
  }

  private static ObjectNode json(Held held) {
    return AdminJson.object()
        .put("principal", held.principal())
        .put("role", held.grant().role().name().toLowerCase(Locale.ROOT))
        .put("scope_type", held.grant().scopeType())
        .put("scope_id", held.grant().scopeId())
        .put("source", held.source())
        .put("created_at", AdminJson.time(held.createdAt()));
  }

  private static <T> T found(@Nullable T row, String what) {
    if (row == null) {
      throw HttpProblem.notFound(what);
    }
    return row;
  }
}
