package io.hadal.server;

import io.hadal.platform.Ids;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.Dimension;
import io.hadal.platform.limits.Limit;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.node.Platform;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Split.Stickiness;
import io.hadal.platform.rollout.Guard;
import io.hadal.platform.rollout.Rollout.Mode;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;

/** Things of an organisation that calls of administration are about, made when they are needed. */
final class AdminThings {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final Pattern NAME = Pattern.compile("\\{([a-z_]+)}");

  private final Platform platform;
  private final Tenants.Project base;
  private final String owner;
  private final Map<String, String> made = new HashMap<>();

  /**
   * Things in the organisation of a project.
   *
   * @param owner principal that keys belong to
   */
  AdminThings(Platform platform, Tenants.Project base, String owner) {
    this.platform = platform;
    this.base = base;
    this.owner = owner;
  }

  /** A project in a new team of an organisation. */
  static Tenants.Project project(Platform platform, String org) {
    int n = COUNT.incrementAndGet();
    return platform
        .tenants()
        .createProject(
            platform.tenants().createTeam(org, "team-" + n).id(), "project-" + n, "Project", null);
  }

  /** A text with ids in the place of names in braces. */
  String fill(String text) {
    return NAME.matcher(text).replaceAll(found -> of(found.group(1)));
  }

  /** Forgets what a call may have used up, so that the next one gets its own. */
  void renew() {
    made.clear();
  }

  String of(String name) {
    return switch (name) {
      case "org" -> base.org();
      case "scope_type" -> "project";
      case "scope_id" -> base.id();
      case "role" -> "viewer";
      case "n" -> Integer.toString(COUNT.incrementAndGet());
      // Made of each other: not in computeIfAbsent.
      default -> {
        String known = made.get(name);
        if (known == null) {
          known = make(name);
          made.put(name, known);
        }
        yield known;
      }
    };
  }

  private String make(String name) {
    int n = COUNT.incrementAndGet();
    return switch (name) {
      case "team" -> platform.tenants().createTeam(base.org(), "team-" + n).id();
      case "project" ->
          platform.tenants().createProject(base.team(), "project-" + n, "Project", null).id();
      case "principal", "holder" -> principal(n);
      case "key" ->
          platform
              .keys()
              .create(base.id(), owner, false, KeyTerms.inference("key-" + n))
              .key()
              .id();
      case "limit" -> limit();
      case "budget" -> budget();
      case "draft" -> version(n).id();
      case "active", "candidate" -> platform.registry().activate(version(n).id(), "test").id();
      case "deprecated" -> deprecated(n);
      case "alias" ->
          platform.registry().alias(base.org(), "name-" + n, of("active"), "test", "").name();
      case "rollout" -> rollout(n);
      case "running" -> platform.rollouts().start(rollout(n), "test").id();
      case "request" -> request(n);
      default -> throw new AssertionError("what is {" + name + "}?");
    };
  }

  private String principal(int n) {
    Principals principals = platform.principals();
    String id = principals.create(base.org(), Principals.Kind.USER, "user-" + n, null).id();
    principals.grant(id, new Actor.Grant(Role.VIEWER, "project", base.id()));
    return id;
  }

  private String limit() {
    Limit limit =
        new Limit(
            Ids.next("lim_"),
            base.org(),
            LimitScope.PROJECT,
            base.id(),
            null,
            Dimension.RPM,
            100,
            0,
            0,
            1,
            "test");
    platform.limits().create(limit);
    return limit.id();
  }

  private String budget() {
    Budget budget =
        new Budget(
            Ids.next("bud_"),
            base.org(),
            LimitScope.PROJECT,
            base.id(),
            "budget",
            Window.TOTAL,
            ZoneId.of("UTC"),
            1_000_000_000,
            List.of(80),
            BudgetAction.ALERT,
            null,
            false,
            1,
            "test");
    platform.budgets().create(budget);
    return budget.id();
  }

  private ModelVersion version(int n) {
    return platform
        .registry()
        .draft(
            Manifest.of(
                JsonMapper.shared()
                    .readTree(
                        """
                        {"family": "family-%d", "kind": "routed", "upstream_model": "m",
                         "backends": ["up"]}
                        """
                            .formatted(n)),
                "test"),
            "2026-01-01",
            "test");
  }

  private String deprecated(int n) {
    ModelVersion version = platform.registry().activate(version(n).id(), "test");
    platform.registry().unalias("", version.manifest().family(), "test", "");
    return platform.registry().deprecate(version.id(), null, null, null).id();
  }

  private String rollout(int n) {
    String alias =
        platform.registry().alias(base.org(), "trial-" + n, of("active"), "test", "").name();
    return platform
        .rollouts()
        .create(
            new RolloutPlan(
                base.org(),
                alias,
                of("candidate"),
                Mode.CANARY,
                5,
                Stickiness.SESSION,
                Guard.DEFAULTS),
            "test")
        .id();
  }

  /** A request of the owner's key that is in the database. */
  private String request(int n) {
    String text =
        platform
            .keys()
            .create(base.id(), owner, false, KeyTerms.inference("key-" + n))
            .text()
            .reveal();
    String id = "req_" + n;
    platform
        .metering()
        .admit(
            new Work(
                platform.keys().authenticate(text, "127.0.0.1"),
                id,
                1,
                "openai",
                "chat",
                "tiny",
                "tiny@2026-01-01",
                "local",
                1,
                1,
                null,
                null,
                Map.of(),
                null))
        .end(Ending.local(Quantities.tokens(1, 0, 0, 1, 0), Outcome.COMPLETED, 200, 1, 1, 1));
    try {
      if (!platform.journal().flush(Duration.ofSeconds(20))) {
        throw new AssertionError("the journal is not in the database");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return id;
  }
}
