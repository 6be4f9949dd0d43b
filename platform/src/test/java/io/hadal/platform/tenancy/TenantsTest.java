package io.hadal.platform.tenancy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.keys.MovableClock;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Permissions.Reach;
import io.hadal.platform.tenancy.Permissions.Visible;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class TenantsTest {
  private final MovableClock clock = new MovableClock();

  private static JsonNode json(String text) {
    return Json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
  }

  private static Actor actor(Role role, String type, String id) {
    return new Actor("prn_x", "x", "o", List.of(new Actor.Grant(role, type, id)), "127.0.0.1");
  }

  @Test
  void namesAreSeenAsTheyAre() {
    for (String name :
        List.of(
            "App 1",
            "Ünïcode",
            "研究",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\ud83d\udc69\u200d\ud83d\ude80",
            "<b>")) {
      assertThat(Names.isPlain(name)).as(name).isTrue();
    }
    for (String name :
        List.of(
            "",
            " ",
            "\u00a0",
            "te\u200bam",
            "te\u200dam",
            "\u200d",
            "team\u00ad",
            "\ufefft",
            "a\u2028b",
            "a\u202eb",
            "a\u2066b",
            "\u3164",
            "\ud800",
            "a\u0000",
            "a\u0085",
            "\udb40\udc41",
            "\u2800")) {
      assertThat(Names.isPlain(name)).as(name).isFalse();
    }
  }

  @OnBothDatabases
  void treeOfTenants(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Tenants tenants = new Tenants(database, clock);
      Tenants.Org acme = tenants.createOrg(" Acme ");
      assertThat(acme.name()).isEqualTo("Acme");
      Tenants.Org other = tenants.createOrg("Other");
      assertThatThrownBy(() -> tenants.createOrg("Acme"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("taken");
      Tenants.Team core = tenants.createTeam(acme.id(), "core");
      tenants.createTeam(other.id(), "core");
      assertThatThrownBy(() -> tenants.createTeam(acme.id(), "core")).hasMessageContaining("taken");
      Tenants.Project app = tenants.createProject(core.id(), "app", "The app", null);
      assertThat(app.policy()).isEqualTo(ProjectPolicy.DEFAULT);
      assertThatThrownBy(() -> tenants.createProject(core.id(), "app", "again", null))
          .hasMessageContaining("slug");
      for (String slug : new String[] {"", "A", "-a", "a b", "a/b", "é", "a".repeat(64)}) {
        assertThatThrownBy(() -> tenants.createProject(core.id(), slug, "x", null))
            .isInstanceOf(FormatException.class);
      }
      // The last ones show another name than they are.
      for (String name : new String[] {"a\nb", "a\ud800", "\u202Emca", "a\u2067b"}) {
        assertThatThrownBy(() -> tenants.createOrg(name)).hasMessageContaining("name");
      }
      assertThat(tenants.place("project", app.id()))
          .isEqualTo(Place.project(acme.id(), core.id(), app.id()));
      assertThat(tenants.place("project", "none")).isNull();
      assertThat(tenants.place("anything", app.id())).isNull();
      assertThat(Objects.requireNonNull(tenants.projectBySlug(acme.id(), "app")).id())
          .isEqualTo(app.id());
      assertThat(tenants.projectBySlug(other.id(), "app")).isNull();

      assertThat(tenants.updateProject(app.id(), "web", "Web", null).slug()).isEqualTo("web");
      assertThat(tenants.updateTeam(core.id(), "base", null).name()).isEqualTo("base");
      assertThat(tenants.updateOrg(acme.id(), "ACME", null).name()).isEqualTo("ACME");
      assertThat(tenants.archiveProject(app.id()).archived()).isTrue();
      assertThat(tenants.archiveTeam(core.id()).archived()).isTrue();
      assertThat(tenants.archiveOrg(acme.id()).archived()).isTrue();
      assertThatThrownBy(() -> tenants.createProject(core.id(), "late", "x", null))
          .hasMessageContaining("team");
      assertThatThrownBy(() -> tenants.archiveOrg("none")).isInstanceOf(FormatException.class);
    }
  }

  @OnBothDatabases
  void listsShowWhatOneMaySee(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Tenants tenants = new Tenants(database, clock);
      String one = tenants.createOrg("one").id();
      String two = tenants.createOrg("two").id();
      String red = tenants.createTeam(one, "red").id();
      String blue = tenants.createTeam(two, "blue").id();
      for (int i = 0; i < 4; i++) {
        tenants.createProject(red, "r" + i, "r", null);
        tenants.createProject(blue, "b" + i, "b", null);
        clock.pass(Duration.ofMillis(3));
      }
      Page<Tenants.Project> page = tenants.projects(Visible.EVERYTHING, null, null, null, 5);
      Page<Tenants.Project> rest = tenants.projects(Visible.EVERYTHING, null, null, page.next(), 5);
      assertThat(page.data()).hasSize(5);
      assertThat(rest.data()).hasSize(3).doesNotContainAnyElementsOf(page.data());
      Permission read = Permission.read(Resource.PROJECT);
      assertThat(
              tenants
                  .projects(
                      Permissions.visible(actor(Role.VIEWER, "org", one), read),
                      null,
                      null,
                      null,
                      50)
                  .data())
          .hasSize(4)
          .allMatch(p -> p.org().equals(one));
      assertThat(
              tenants
                  .projects(
                      Permissions.visible(actor(Role.VIEWER, "team", blue), read),
                      one,
                      null,
                      null,
                      50)
                  .data())
          .isEmpty();
      assertThat(
              tenants
                  .orgs(
                      Permissions.visible(
                          actor(Role.VIEWER, "org", two), Permission.read(Resource.ORG)),
                      null,
                      50)
                  .data())
          .extracting(Tenants.Org::id)
          .containsExactly(two);
      assertThat(tenants.teams(Visible.EVERYTHING, two, null, 50).data())
          .extracting(Tenants.Team::id)
          .containsExactly(blue);
    }
  }

  @OnBothDatabases
  void policiesOnlyTighten(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Tenants tenants = new Tenants(database, clock);
      String org = tenants.createOrg("o").id();
      String team = tenants.createTeam(org, "t").id();
      tenants.updateOrg(
          org, null, json("{'store_prompts':false,'retention_days':90,'regions':['eu','us']}"));
      assertThatThrownBy(() -> tenants.updateTeam(team, null, json("{'retention_days':91}")))
          .hasMessageContaining("policy.retention_days");
      tenants.updateTeam(team, null, json("{'redaction':'detect','regions':['eu']}"));
      assertThatThrownBy(
              () -> tenants.createProject(team, "p", "p", json("{'store_prompts':true}")))
          .hasMessageContaining("policy.store_prompts");
      assertThatThrownBy(() -> tenants.createProject(team, "p", "p", json("{'regions':['us']}")))
          .hasMessageContaining("policy.regions");
      assertThatThrownBy(() -> tenants.createProject(team, "p", "p", json("{'redaction':'off'}")))
          .hasMessageContaining("policy.redaction");
      Tenants.Project project =
          tenants.createProject(
              team,
              "p",
              "p",
              json("{'retention_days':30,'retention_job_days':2,'redaction':'mask'}"));
      assertThat(project.policy().jobDays()).isEqualTo(2);
      assertThat(project.policy().retentionDays()).isEqualTo(30);
      assertThat(project.policy().regions()).containsExactly("eu");
      // What is tightened above holds below at once.
      tenants.updateOrg(org, null, json("{'zdr':true,'retention_days':7,'regions':['asia']}"));
      ProjectPolicy now = Objects.requireNonNull(tenants.project(project.id())).policy();
      assertThat(now.zdr()).isTrue();
      assertThat(now.retentionDays()).isEqualTo(7);
      assertThat(now.redaction()).isEqualTo("mask");
      assertThat(now.regions()).containsExactly(ProjectPolicy.NO_REGION);
      for (String bad :
          new String[] {
            "{'zdr':1}",
            "{'x':true}",
            "{'retention_days':-1}",
            "{'cache_isolation':'none'}",
            "{'regions':'eu'}",
            "{'regions':['a b']}",
            "[]"
          }) {
        assertThatThrownBy(() -> tenants.updateProject(project.id(), null, null, json(bad)))
            .as(bad)
            .isInstanceOf(FormatException.class);
      }
    }
  }

  @Test
  void healthInformationIsNotRetainedUnlessDaysAreGiven() {
    ProjectPolicy phi = ProjectPolicy.DEFAULT.with(json("{'phi':true,'store_prompts':true}"));
    assertThat(phi.effective().zdr()).isTrue();
    assertThat(phi.effective().storePrompts()).isFalse();
    ProjectPolicy kept = phi.with(json("{'retention_days':30}"));
    assertThat(kept.effective().zdr()).isFalse();
    assertThat(ProjectPolicy.OPEN.with(kept.json())).isEqualTo(kept);
    ProjectPolicy cached = kept.with(json("{'cache_bytes':5000000000,'cache_seconds':300}"));
    assertThat(ProjectPolicy.OPEN.with(cached.json())).isEqualTo(cached);
    assertThat(kept.within(cached).cacheBytes()).isEqualTo(5_000_000_000L);
    assertThat(cached.within(kept.with(json("{'cache_seconds':60}"))).cacheSeconds()).isEqualTo(60);
    assertThatThrownBy(() -> kept.requireWithin(cached)).hasMessageContaining("policy.cache_bytes");
    assertThatThrownBy(() -> kept.with(json("{'cache_seconds':-1}")))
        .hasMessageContaining("policy.cache_seconds");
  }

  @OnBothDatabases
  void principalsAndTheirRoles(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Tenants tenants = new Tenants(database, clock);
      Principals principals = new Principals(database, clock);
      String org = tenants.createOrg("o").id();
      String other = tenants.createOrg("p").id();
      String team = tenants.createTeam(org, "t").id();
      Principals.Principal ann =
          principals.create(org, Principals.Kind.USER, "Ann", "ann@example.org");
      Actor.Grant admin = new Actor.Grant(Role.ADMIN, "team", team);
      principals.grant(ann.id(), admin);
      principals.grant(ann.id(), admin);
      assertThat(principals.grants(ann.id())).hasSize(1);
      assertThat(principals.grantsAt("team", team)).hasSize(1);
      assertThatThrownBy(
              () -> principals.grant(ann.id(), new Actor.Grant(Role.VIEWER, "org", other)))
          .hasMessageContaining("scope_id");
      assertThatThrownBy(
              () -> principals.grant(ann.id(), new Actor.Grant(Role.VIEWER, "planet", org)))
          .hasMessageContaining("scope_type");
      assertThatThrownBy(() -> principals.create("none", Principals.Kind.USER, "x", null))
          .hasMessageContaining("org");
      assertThatThrownBy(() -> principals.create(org, Principals.Kind.USER, "x", "not mail"))
          .hasMessageContaining("email");
      Actor actor = Objects.requireNonNull(principals.actor(ann.id(), "10.0.0.1"));
      assertThat(actor.grants()).containsExactly(admin);
      assertThat(actor.org()).isEqualTo(org);
      assertThat(principals.withdraw(ann.id(), admin)).isTrue();
      assertThat(principals.withdraw(ann.id(), admin)).isFalse();
      assertThat(principals.update(ann.id(), "Anna", null).name()).isEqualTo("Anna");
      assertThat(principals.archive(ann.id()).archived()).isTrue();
      assertThat(principals.actor(ann.id(), "10.0.0.1")).isNull();
      assertThat(principals.list(Visible.EVERYTHING, org, null, 5).data()).hasSize(1);

      Principals.Principal bob =
          Objects.requireNonNull(
              principals.signedIn("iss|1", org, "Bob", "b@example.org", List.of(admin)));
      assertThat(principals.grants(bob.id())).extracting(Principals.Held::source).contains("oidc");
      principals.grant(bob.id(), new Actor.Grant(Role.VIEWER, "org", org));
      Principals.Principal again =
          Objects.requireNonNull(principals.signedIn("iss|1", org, "Bobby", null, List.of()));
      assertThat(again.id()).isEqualTo(bob.id());
      assertThat(principals.grants(bob.id()))
          .extracting(held -> held.grant().role())
          .containsExactly(Role.VIEWER);
      principals.archive(bob.id());
      assertThat(principals.signedIn("iss|1", org, "Bob", null, List.of(admin))).isNull();
    }
  }

  @Test
  void tableOfPermissions() {
    for (Role role : Role.values()) {
      for (Resource resource : Resource.values()) {
        Reach read = Permissions.reach(role, Permission.read(resource));
        Reach write = Permissions.reach(role, Permission.write(resource));
        assertThat(write).as("%s %s", role, resource).isLessThanOrEqualTo(read);
        if (role == Role.OWNER) {
          assertThat(write).isEqualTo(Reach.ALL);
        }
        if (role == Role.VIEWER || role == Role.AUDITOR) {
          assertThat(write).as("%s %s", role, resource).isEqualTo(Reach.NONE);
        }
        if (role == Role.AUDITOR) {
          assertThat(read)
              .as("%s", resource)
              .isEqualTo(resource == Resource.PLAYGROUND ? Reach.NONE : Reach.ALL);
        }
      }
    }
    // What the specification says of single cells, apart from the table.
    assertThat(Permissions.reach(Role.BILLING, Permission.write(Resource.LEDGER)))
        .isEqualTo(Reach.ALL);
    assertThat(Permissions.reach(Role.BILLING, Permission.write(Resource.KEY)))
        .isEqualTo(Reach.NONE);
    assertThat(Permissions.reach(Role.ADMIN, Permission.write(Resource.BALANCE)))
        .isEqualTo(Reach.NONE);
    assertThat(Permissions.reach(Role.DEVELOPER, Permission.write(Resource.KEY)))
        .isEqualTo(Reach.OWN);
    assertThat(Permissions.reach(Role.DEVELOPER, Permission.read(Resource.AUDIT)))
        .isEqualTo(Reach.NONE);
  }

  @Test
  void grantsHoldDownwardsOnly() {
    Permission write = Permission.write(Resource.PROJECT);
    Place project = Place.project("o", "t", "p");
    assertThat(Permissions.reach(actor(Role.ADMIN, "org", "o"), write, project))
        .isEqualTo(Reach.ALL);
    assertThat(Permissions.reach(actor(Role.ADMIN, "team", "t"), write, project))
        .isEqualTo(Reach.ALL);
    assertThat(Permissions.reach(actor(Role.ADMIN, "project", "p"), write, project))
        .isEqualTo(Reach.ALL);
    assertThat(Permissions.reach(actor(Role.OWNER, "all", "*"), write, Place.ALL))
        .isEqualTo(Reach.ALL);
    for (Actor actor :
        List.of(
            actor(Role.ADMIN, "org", "other"),
            actor(Role.ADMIN, "team", "other"),
            actor(Role.ADMIN, "project", "other"),
            actor(Role.VIEWER, "org", "o"),
            Actor.nobody("127.0.0.1"))) {
      assertThatThrownBy(() -> Permissions.require(actor, write, project))
          .isInstanceOfSatisfying(
              Refusal.class, e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.NOT_PERMITTED));
    }
    for (Place above : List.of(Place.ALL, Place.org("o"), Place.team("o", "t"))) {
      assertThat(Permissions.reach(actor(Role.OWNER, "project", "p"), write, above))
          .isEqualTo(Reach.NONE);
    }
    assertThat(Permissions.includes(actor(Role.ADMIN, "org", "o"), Role.DEVELOPER, project))
        .isTrue();
    assertThat(Permissions.includes(actor(Role.ADMIN, "org", "o"), Role.OWNER, project)).isFalse();
    assertThat(Permissions.includes(actor(Role.ADMIN, "org", "o"), Role.BILLING, project))
        .isFalse();
  }
}
