package io.hadal.platform.node;

import io.hadal.platform.DataFolder;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.lease.Window;
import io.hadal.platform.ledger.LedgerVerifier;
import io.hadal.platform.limits.Dimension;
import io.hadal.platform.limits.Limit;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.money.Price;
import io.hadal.platform.money.Schedule;
import io.hadal.platform.money.UnitPrices;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.Split;
import io.hadal.platform.rollout.Guard;
import io.hadal.platform.rollout.Rollout;
import io.hadal.platform.rollout.RolloutPlan;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import tools.jackson.databind.json.JsonMapper;

/**
 * Fills a database with something of everything, and says what must still hold of it when a later
 * version opens it. Uses only what a release offers, so that it can be taken to older ones.
 */
final class ReleaseData {
  static final String VERSION = "nova@2026-11-01";

  private ReleaseData() {}

  /** Options of a platform in a folder, over the folder's file or another database. */
  static PlatformOptions options(DataFolder folder, DatabaseOptions database) {
    PlatformOptions o = PlatformOptions.in(folder);
    return new PlatformOptions(
        folder,
        database.url().startsWith("jdbc:sqlite:") ? null : database.url(),
        database.user(),
        database.password(),
        o.node(),
        o.several(),
        o.journalBytes(),
        o.faultsFree(),
        o.unpriced(),
        o.alerts(),
        o.oidc(),
        o.passwordUntilOidc(),
        o.pepper(),
        o.masterKey(),
        o.auditKey(),
        o.outage(),
        o.export(),
        o.metricProjects(),
        o.auditDays());
  }

  /** Fills a new platform and closes it; the answer is what must hold. */
  static Properties fill(PlatformOptions options) throws InterruptedException {
    Properties facts = new Properties();
    try (Platform platform = Platform.open(options, line -> {})) {
      Tenants.Org org = platform.tenants().createOrg("Acme");
      Tenants.Team team = platform.tenants().createTeam(org.id(), "Research");
      Tenants.Project project =
          platform
              .tenants()
              .createProject(
                  team.id(),
                  "assistant",
                  "Assistant",
                  JsonMapper.shared().readTree("{\"zdr\":true}"));
      String person =
          platform
              .principals()
              .create(org.id(), Principals.Kind.USER, "Ann", "ann@acme.example")
              .id();
      Actor.Grant grant = new Actor.Grant(Role.ADMIN, "org", org.id());
      platform.principals().grant(person, grant);
      Actor actor = new Actor(person, "Ann", org.id(), List.of(grant), "192.0.2.7");
      KeyStore keys = platform.keys();
      KeyStore.Created live =
          keys.create(project.id(), person, false, KeyTerms.inference("laptop"));
      KeyStore.Created old = keys.create(project.id(), null, true, KeyTerms.inference("old"));
      keys.revoke(old.key().id());
      KeyStore.Created first = keys.create(project.id(), null, false, KeyTerms.inference("ci"));
      KeyStore.Created second = keys.rotate(first.key().id(), Duration.ofSeconds(1));
      platform
          .prices()
          .add(
              new Price(
                  0,
                  VERSION,
                  null,
                  0,
                  null,
                  UnitPrices.tokens(150_000, 3_000, 150_000, 600_000),
                  Schedule.NONE,
                  "list",
                  "ann",
                  platform.clock().millis()));
      platform.ledger().topUp(project.id(), 5_000_000_000L, "wire-1", "first", "ann");
      platform
          .limits()
          .create(
              new Limit(
                  "lim_release",
                  org.id(),
                  LimitScope.PROJECT,
                  project.id(),
                  null,
                  Dimension.RPM,
                  600,
                  0,
                  0,
                  platform.clock().millis(),
                  "ann"));
      platform
          .budgets()
          .create(
              new Budget(
                  "bud_release",
                  org.id(),
                  LimitScope.PROJECT,
                  project.id(),
                  "all",
                  Window.TOTAL,
                  ZoneId.of("UTC"),
                  1_000_000_000L,
                  List.of(80),
                  BudgetAction.BLOCK,
                  null,
                  false,
                  platform.clock().millis(),
                  "ann"));
      models(platform, org.id());
      platform.dataKeys().rotate(actor, org.id(), "req_keys");
      platform
          .audit()
          .append(
              AuditEntry.of(
                  actor, org.id(), "project.create", "project:" + project.id(), null, null, "r1"));
      requests(platform, live.text().reveal());
      platform.auditSchedule().tick();
      if (!platform.auditSchedule().verify().ok()
          || !new LedgerVerifier(platform.database()).verify().ok()) {
        throw new AssertionError("what is written does not verify");
      }
      facts.setProperty("org", org.id());
      facts.setProperty("project", project.id());
      facts.setProperty("key", live.text().reveal());
      facts.setProperty("revoked", old.text().reveal());
      facts.setProperty("rotated", second.text().reveal());
      facts.setProperty(
          "prepaid_nano", Long.toString(platform.ledger().balance(project.id()).prepaid()));
      facts.setProperty(
          "transactions",
          Long.toString(new LedgerVerifier(platform.database()).verify().transactions()));
      facts.setProperty("audit", Long.toString(platform.auditSchedule().verify().events()));
    }
    return facts;
  }

  private static void models(Platform platform, String org) {
    for (String label : List.of("2026-11-01", "2026-12-01")) {
      String manifest =
          """
          {"family": "nova", "kind": "routed", "upstream_model": "nova-%s", "backends": ["up"],
           "context": 65536}
          """
              .formatted(label);
      platform
          .registry()
          .draft(Manifest.of(JsonMapper.shared().readTree(manifest), "nova"), label, "ann");
      platform.registry().activate("nova@" + label, "ann");
    }
    platform.registry().alias(org, "assistant", VERSION, "ann", "the first");
    String rollout =
        platform
            .rollouts()
            .create(
                new RolloutPlan(
                    org,
                    "assistant",
                    "nova@2026-12-01",
                    Rollout.Mode.CANARY,
                    0,
                    Split.Stickiness.SESSION,
                    Guard.DEFAULTS),
                "ann")
            .id();
    platform.rollouts().start(rollout, "ann");
  }

  private static void requests(Platform platform, String key) throws InterruptedException {
    Outcome[] outcomes = {
      Outcome.COMPLETED, Outcome.LENGTH, Outcome.CLIENT_LEFT, Outcome.ERROR, Outcome.COMPLETED
    };
    for (int i = 0; i < outcomes.length; i++) {
      request(platform, key, "req_release_" + i, outcomes[i]);
    }
    if (!platform.journal().flush(Duration.ofSeconds(30))) {
      throw new AssertionError("the journal is not in the database");
    }
  }

  /** One request of a key; what it costs, nano-USD. */
  static long request(Platform platform, String key, String id, Outcome outcome) {
    long now = platform.clock().millis();
    return platform
        .metering()
        .admit(
            new Work(
                platform.keys().authenticate(key, "127.0.0.1"),
                id,
                1,
                "openai",
                "chat",
                "assistant",
                VERSION,
                "up",
                1_000,
                100,
                null,
                "s1",
                Map.of("team", "research"),
                null))
        .end(
            new Ending(
                Quantities.tokens(400, 600, 0, 50, 10),
                outcome,
                outcome == Outcome.ERROR ? 500 : 200,
                false,
                now + 20,
                3,
                15_000,
                outcome == Outcome.ERROR ? null : 10_000L,
                "up-" + id));
  }
}
