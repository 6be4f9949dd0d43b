package io.hadal.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Permissions.Reach;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.http.HttpServerKind;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every endpoint as every role, over HTTP, as the table of permissions says. */
class PermissionMatrixTest {
  private static final Map<String, String> BODIES =
      Map.of(
          "POST /orgs", "{'name':'new-{n}'}",
          "POST /teams", "{'org':'{org}','name':'new-{n}'}",
          "POST /projects", "{'team':'{team}','slug':'new-{n}'}",
          "POST /principals", "{'org':'{org}','name':'new-{n}'}",
          "POST /grants",
              "{'principal':'{principal}','role':'viewer','scope_type':'project',"
                  + "'scope_id':'{project}'}",
          "POST /keys", "{'project':'{project}','name':'new'}",
          "PATCH /orgs/{org}", "{'name':'renamed-{n}'}",
          "PATCH /teams/{team}", "{'name':'renamed-{n}'}",
          "PATCH /projects/{project}", "{'name':'renamed'}",
          "PATCH /principals/{principal}", "{'name':'renamed'}");

  /** Lists that show to each what it may see, and so answer everybody with the permission. */
  private static final Set<String> LISTS =
      Set.of("GET /orgs", "GET /teams", "GET /projects", "GET /principals", "GET /keys");

  private int n;

  /** Things that an endpoint is called for. */
  private record Things(String org, String team, String project, String principal, String key) {
    String fill(String text, int n) {
      return text.replace("{org}", org)
          .replace("{team}", team)
          .replace("{project}", project)
          .replace("{principal}", principal)
          .replace("{holder}", principal)
          .replace("{scope_type}", "project")
          .replace("{scope_id}", project)
          .replace("{role}", "viewer")
          .replace("{key}", key)
          .replace("{n}", Integer.toString(n));
    }
  }

  private Things things(AdminWorld world, String org, Tenants.Project project, String owner) {
    String principal = world.principals.create(org, Principals.Kind.USER, "target", null).id();
    String key =
        world.keys.create(project.id(), owner, false, KeyTerms.inference("target")).key().id();
    world.principals.grant(principal, new Actor.Grant(Role.VIEWER, "project", project.id()));
    return new Things(org, project.team(), project.id(), principal, key);
  }

  private HttpResponse<String> call(
      AdminWorld world, Endpoint endpoint, Things things, @Nullable String key) {
    String name = endpoint.method() + " " + endpoint.path();
    n++;
    String path = things.fill(endpoint.path(), n);
    if (name.equals("GET /grants")) {
      path += "?principal=" + things.principal();
    }
    String body = BODIES.get(name);
    String filled = body == null ? null : things.fill(body, n);
    return key == null
        ? world.call(endpoint.method(), path, filled)
        : world.with(key, endpoint.method(), path, filled);
  }

  @Test
  void everyEndpointAsEveryRole() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      for (Role role : Role.values()) {
        String org = world.tenants.createOrg("org-" + role).id();
        String foreign = world.tenants.createOrg("foreign-" + role).id();
        Tenants.Project anchor = world.project(org);
        AdminWorld.Holder holder = world.holder(role, "org", org, anchor.id());
        Tenants.Project other = world.project(foreign);
        Things theirs =
            things(
                world,
                foreign,
                other,
                world.principals.create(foreign, Principals.Kind.SERVICE, "x", null).id());
        Things mine = things(world, org, world.project(org), holder.principal());
        for (Endpoint endpoint : inOrder(world)) {
          String name = endpoint.method() + " " + endpoint.path();
          boolean listed =
              LISTS.contains(name) && Permissions.reach(role, endpoint.permission()) != Reach.NONE;
          assertThat(call(world, endpoint, theirs, holder.key()).statusCode())
              .as("foreign %s as %s", name, role)
              .isEqualTo(listed ? 200 : 403);
          if (role == Role.OWNER) {
            assertThat(call(world, endpoint, mine, null).statusCode())
                .as("nobody's %s", name)
                .isEqualTo(401);
          }
          if (check(world, endpoint, role, mine, holder.key())) {
            mine = things(world, org, world.project(org), holder.principal());
          }
        }
      }
      assertThat(world.events)
          .extracting(AdminAudit.Event::outcome)
          .contains("ok", "not_permitted");
    }
  }

  /** True when it has changed something. */
  private boolean check(AdminWorld world, Endpoint endpoint, Role role, Things things, String key) {
    String name = endpoint.method() + " " + endpoint.path();
    HttpResponse<String> answer = call(world, endpoint, things, key);
    // Orgs belong to nobody below them.
    boolean allowed =
        Permissions.reach(role, endpoint.permission()) != Reach.NONE && !name.equals("POST /orgs");
    if (allowed) {
      assertThat(answer.statusCode()).as("%s as %s: %s", name, role, answer.body()).isIn(200, 204);
    } else {
      assertThat(answer.statusCode()).as("%s as %s", name, role).isEqualTo(403);
      assertThat(answer.body()).contains("permission_error", "not_permitted");
    }
    return allowed && !endpoint.method().equals("GET") && !name.equals("DELETE /orgs/{org}");
  }

  /** What ends an org comes last: nobody of it gets in afterwards. */
  private static List<Endpoint> inOrder(AdminWorld world) {
    return world.groups.stream()
        .flatMap(group -> group.endpoints().stream())
        .sorted(
            (a, b) ->
                Boolean.compare(
                    (a.method() + " " + a.path()).equals("DELETE /orgs/{org}"),
                    (b.method() + " " + b.path()).equals("DELETE /orgs/{org}")))
        .toList();
  }

  @Test
  void theOwnerOfAllMayAll() {
    try (AdminWorld world = new AdminWorld(HttpServerKind.JDK, null)) {
      Tenants.Project home = world.project(world.org);
      AdminWorld.Holder holder = world.holder(Role.OWNER, "all", "*", home.id());
      String org = world.tenants.createOrg("another").id();
      for (Endpoint endpoint : inOrder(world)) {
        String owner = world.principals.create(org, Principals.Kind.SERVICE, "x", null).id();
        Things things = things(world, org, world.project(org), owner);
        assertThat(call(world, endpoint, things, holder.key()).statusCode())
            .as("%s %s", endpoint.method(), endpoint.path())
            .isIn(200, 204);
      }
    }
  }
}
