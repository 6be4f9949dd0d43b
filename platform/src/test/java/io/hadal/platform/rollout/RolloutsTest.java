package io.hadal.platform.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.registry.AliasChange;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.registry.Samples;
import io.hadal.platform.registry.Split.Stickiness;
import io.hadal.platform.rollout.Comparison.Side;
import io.hadal.platform.rollout.Observation.Check;
import io.hadal.platform.rollout.Rollout.Mode;
import io.hadal.platform.rollout.Rollout.State;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class RolloutsTest {
  private static final String OLD = "flash@2026-01-01";
  private static final String NEW = "flash@2026-02-01";
  private static final Identity ANY = Samples.identity("acme", "k1");

  private final Samples.StandingClock clock = new Samples.StandingClock();
  private final List<RolloutEvent> heard = new ArrayList<>();
  private final Random random = new Random(7);

  /** A registry with two versions, the name pointing to the older one. */
  private Registry registry(Database database) {
    Registry registry = new Registry(database, clock);
    for (String label : List.of("2026-01-01", "2026-02-01")) {
      registry.draft(Samples.routed("flash", "u"), label, "ann");
      registry.activate("flash@" + label, "ann");
    }
    return registry;
  }

  private static RolloutPlan plan(Mode mode, int percent, Stickiness stickiness) {
    return new RolloutPlan("", "flash", NEW, mode, percent, stickiness, Guard.DEFAULTS);
  }

  private Map<String, String> versions(Registry registry, int sessions) {
    Map<String, String> versions = new HashMap<>();
    for (int i = 0; i < sessions; i++) {
      versions.put("s" + i, registry.resolve("flash", ANY, "s" + i).version());
    }
    return versions;
  }

  @OnBothDatabases
  void aSessionNeverFlipsWhileThePercentageGrows(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = registry(database);
      Rollouts rollouts = new Rollouts(database, registry, clock, (event, org) -> heard.add(event));
      Rollout rollout = rollouts.create(plan(Mode.CANARY, 5, Stickiness.SESSION), "ann");
      assertThat(rollout.state()).isEqualTo(State.DRAFT);
      assertThat(versions(registry, 50)).allSatisfy((s, v) -> assertThat(v).isEqualTo(OLD));
      rollouts.start(rollout.id(), "ann");
      // Another node sees the same.
      Registry other = new Registry(database, clock);
      Map<String, String> before = versions(registry, 1000);
      assertThat(before.values().stream().filter(NEW::equals).count()).isBetween(25L, 80L);
      for (int percent : new int[] {10, 25, 60, 100}) {
        rollouts.percent(rollout.id(), percent, "ann");
        other.refresh();
        Map<String, String> now = versions(registry, 1000);
        assertThat(versions(other, 1000)).isEqualTo(now);
        before.forEach(
            (session, version) -> {
              if (version.equals(NEW)) {
                assertThat(now.get(session)).isEqualTo(NEW);
              }
            });
        assertThat(now.values().stream().filter(NEW::equals).count())
            .isBetween(percent * 10L - 60, percent * 10L + 60);
        before = now;
      }
      // Pinned names do not take part.
      assertThat(registry.resolve(OLD, ANY, "s1").version()).isEqualTo(OLD);
      assertThat(registry.resolve("flash", ANY, "s1").rollout()).isEqualTo(rollout.id());
      rollouts.promote(rollout.id(), "ann", "good");
      assertThat(registry.resolve("flash", ANY, "s1").rollout()).isNull();
      assertThat(registry.resolve("flash", ANY, "s1").version()).isEqualTo(NEW);
      assertThat(registry.history("", "flash"))
          .extracting(AliasChange::target)
          .containsExactly(NEW, rollout.id(), OLD);
      assertThat(heard)
          .extracting(RolloutEvent::kind)
          .containsExactly(
              "created", "started", "percent", "percent", "percent", "percent", "promoted");
      assertThat(rollouts.events(rollout.id())).isEqualTo(heard);
    }
  }

  /** Requests until the rollout ends by itself, at most a number; each takes 100 ms. */
  private int untilRolledBack(
      Rollouts rollouts,
      Registry registry,
      String id,
      int most,
      Supplier<Observation> good,
      Supplier<Observation> bad) {
    for (int n = 1; n <= most; n++) {
      Resolution resolution = registry.resolve("flash", ANY, "s" + n);
      if (resolution.rollout() != null) {
        rollouts.observe(
            id, resolution.version(), (resolution.version().equals(NEW) ? bad : good).get());
      }
      clock.move(100);
      if (rollouts.get(id).state() == State.ROLLED_BACK) {
        return n;
      }
    }
    return most + 1;
  }

  private Observation answer() {
    return new Observation(
        false,
        100 + random.nextInt(50),
        20_000 + random.nextInt(8000),
        Check.GOOD,
        Check.GOOD,
        false);
  }

  @OnBothDatabases
  void aBrokenCandidateIsTakenBackWithinAHundredRequests(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = registry(database);
      Rollouts rollouts = new Rollouts(database, registry, clock, (event, org) -> heard.add(event));
      Map<String, Supplier<Observation>> faults =
          Map.of(
              "error_rate", Observation::failure,
              "tool_parse_failures",
                  () -> new Observation(false, 100, 20_000, Check.BAD, Check.NONE, false),
              "schema_failures",
                  () -> new Observation(false, 100, 20_000, Check.NONE, Check.BAD, false),
              "refusal_rate",
                  () -> new Observation(false, 100, 20_000, Check.NONE, Check.NONE, true),
              "ttft_p95", () -> Observation.answered(400, 20_000),
              "tpot_p95", () -> Observation.answered(100, 90_000));
      faults.forEach(
          (guard, fault) -> {
            Rollout rollout = rollouts.create(plan(Mode.CANARY, 50, Stickiness.SESSION), "ann");
            rollouts.start(rollout.id(), "ann");
            long began = clock.millis();
            int requests =
                untilRolledBack(rollouts, registry, rollout.id(), 600, this::answer, fault);
            assertThat(requests).as(guard).isLessThanOrEqualTo(100);
            assertThat(clock.millis() - began).as(guard).isLessThanOrEqualTo(60_000);
            RolloutEvent last = heard.getLast();
            assertThat(last.kind()).isEqualTo("rolled_back");
            assertThat(last.actor()).isEqualTo("guard");
            assertThat(last.detail()).startsWith(guard);
            assertThat(versions(registry, 100)).allSatisfy((s, v) -> assertThat(v).isEqualTo(OLD));
            assertThat(registry.history("", "flash").getFirst().by()).isEqualTo("guard");
          });
    }
  }

  @Test
  void aCandidateThatFailsEveryThirdTimeIsTakenBackToo() {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      Registry registry = registry(database);
      Rollouts rollouts = new Rollouts(database, registry, clock, (event, org) -> heard.add(event));
      Rollout rollout = rollouts.create(plan(Mode.CANARY, 50, Stickiness.SESSION), "ann");
      rollouts.start(rollout.id(), "ann");
      assertThat(
              untilRolledBack(
                  rollouts,
                  registry,
                  rollout.id(),
                  600,
                  this::answer,
                  () -> random.nextInt(3) == 0 ? Observation.failure() : answer()))
          .isLessThanOrEqualTo(100);
    }
  }

  @Test
  void aCandidateAsGoodAsItsBaselineStays() {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      Registry registry = registry(database);
      Rollouts rollouts = new Rollouts(database, registry, clock, (event, org) -> heard.add(event));
      Rollout rollout = rollouts.create(plan(Mode.CANARY, 50, Stickiness.SESSION), "ann");
      rollouts.start(rollout.id(), "ann");
      Supplier<Observation> some = () -> random.nextInt(50) == 0 ? Observation.failure() : answer();
      assertThat(untilRolledBack(rollouts, registry, rollout.id(), 2000, some, some))
          .isEqualTo(2001);
      assertThat(rollouts.seen(rollout.id())).isEqualTo(new Rollouts.Seen(500, 500));
    }
  }

  @Test
  void theTestIsRarelyWrongHoweverOftenItLooks() {
    int wrong = 0;
    for (int run = 0; run < 400; run++) {
      int bad = 0;
      for (int n = 1; n <= 400; n++) {
        bad += random.nextDouble() < 0.1 ? 1 : 0;
        if (GuardTest.exceeds(bad, n, 0.1, 0.05)) {
          wrong++;
          break;
        }
      }
    }
    assertThat(wrong).isLessThanOrEqualTo(28); // 5 % of 400 and two standard deviations
  }

  /** A pair whose candidate failed, or answered alike with calls and a broken schema. */
  private static Comparison pair(long same, long failed, long tokens, long millis) {
    return new Comparison(
        1,
        same,
        1,
        same,
        0,
        new Side(0, 5, 100, 20, 1, 1, 0, 0),
        new Side(failed, tokens, millis, same * 20, same, same, same, 0));
  }

  @OnBothDatabases
  void copiesGoToProjectsThatMayHaveThem(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = registry(database);
      Rollouts rollouts = new Rollouts(database, registry, clock, (event, org) -> heard.add(event));
      Rollout rollout = rollouts.create(plan(Mode.SHADOW, 100, Stickiness.KEY), "ann");
      rollouts.start(rollout.id(), "ann");
      Resolution resolution = registry.resolve("flash", ANY, null);
      assertThat(resolution.version()).isEqualTo(OLD);
      assertThat(rollouts.shadow(resolution, ANY, null, false)).contains(NEW);
      assertThat(rollouts.shadow(resolution, ANY, null, true)).isEmpty();
      ProjectPolicy d = ProjectPolicy.DEFAULT;
      for (ProjectPolicy closed :
          List.of(
              new ProjectPolicy(false, true, false, 0, "project", d.regions(), "off"),
              new ProjectPolicy(false, false, true, 0, "project", d.regions(), "off"))) {
        assertThat(rollouts.shadow(resolution, Samples.identity("acme", "k", closed), null, false))
            .isEmpty();
      }
      rollouts.compare(rollout.id(), pair(1, 0, 5, 120));
      rollouts.compare(rollout.id(), pair(0, 1, 0, 0));
      rollouts.compare(rollout.id(), Comparison.dropped(1));
      assertThat(rollouts.compared(rollout.id()))
          .isEqualTo(
              new Comparison(
                  2,
                  1,
                  2,
                  1,
                  1,
                  new Side(0, 10, 200, 40, 2, 2, 0, 0),
                  new Side(1, 5, 120, 20, 1, 1, 1, 0)));
      for (int i = 0; i < 12; i++) {
        rollouts.observe(rollout.id(), NEW, Observation.failure());
      }
      assertThat(rollouts.get(rollout.id()).state()).isEqualTo(State.ROLLED_BACK);
      assertThat(rollouts.shadow(resolution, ANY, null, false)).isEmpty();
    }
  }

  @OnBothDatabases
  void blueAndGreenSwitchAtOnceAndBack(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = registry(database);
      Rollouts rollouts = new Rollouts(database, registry, clock, (event, org) -> heard.add(event));
      assertThatThrownBy(() -> rollouts.create(plan(Mode.BLUE_GREEN, 50, Stickiness.KEY), "ann"))
          .isInstanceOf(FormatException.class);
      Rollout rollout = rollouts.create(plan(Mode.BLUE_GREEN, 0, Stickiness.KEY), "ann");
      rollouts.start(rollout.id(), "ann");
      assertThat(registry.resolve("flash", ANY, null).version()).isEqualTo(OLD);
      rollouts.percent(rollout.id(), 100, "ann");
      assertThat(registry.resolve("flash", ANY, null).version()).isEqualTo(NEW);
      assertThatThrownBy(() -> rollouts.percent(rollout.id(), 50, "ann"))
          .isInstanceOf(FormatException.class);
      rollouts.rollBack(rollout.id(), "bob", "not today");
      assertThat(registry.resolve("flash", ANY, null).version()).isEqualTo(OLD);
      assertThat(heard.getLast().detail()).isEqualTo("not today");
      assertThatThrownBy(() -> rollouts.promote(rollout.id(), "ann", ""))
          .hasMessageContaining("rolled_back");
      assertThatThrownBy(() -> rollouts.start(rollout.id(), "ann"))
          .isInstanceOf(FormatException.class);
    }
  }

  @Test
  void aNameUnderWayIsHeld() {
    try (Database database = TestDatabases.open(DatabaseKind.SQLITE)) {
      Registry registry = registry(database);
      Rollouts rollouts = new Rollouts(database, registry, clock, (event, org) -> heard.add(event));
      Rollout one = rollouts.create(plan(Mode.CANARY, 10, Stickiness.PROJECT), "ann");
      Rollout two = rollouts.create(plan(Mode.CANARY, 10, Stickiness.PROJECT), "ann");
      rollouts.start(one.id(), "ann");
      assertThatThrownBy(() -> rollouts.start(two.id(), "ann")).hasMessageContaining(one.id());
      assertThatThrownBy(() -> registry.alias("", "flash", NEW, "ann", ""))
          .hasMessageContaining(one.id());
      assertThatThrownBy(() -> registry.retire(OLD)).hasMessageContaining("rollout");
      assertThatThrownBy(() -> rollouts.get("rol_none")).isInstanceOf(FormatException.class);
    }
  }

  @Test
  void whatHasHaltedStaysHaltedWithoutADatabase() {
    Database database = TestDatabases.open(DatabaseKind.SQLITE);
    Registry registry = registry(database);
    Rollouts rollouts = new Rollouts(database, registry, clock, (event, org) -> heard.add(event));
    Rollout rollout = rollouts.create(plan(Mode.CANARY, 100, Stickiness.KEY), "ann");
    rollouts.start(rollout.id(), "ann");
    rollouts.observe(rollout.id(), NEW, Observation.failure());
    database.close();
    for (int i = 0; i < 12; i++) {
      rollouts.observe(rollout.id(), NEW, Observation.failure());
    }
    assertThat(registry.resolve("flash", ANY, null).version()).isEqualTo(OLD);
  }

  @Test
  void guardsAreReadStrictly() {
    List<Guard> guards = Guard.read("[{\"metric\":\"ttft_p95\",\"tolerance\":2}]");
    assertThat(guards).containsExactly(new Guard(Guard.Metric.TTFT_P95, 30, 2, 0.001));
    assertThatThrownBy(() -> Guard.read("[{\"metric\":\"error_rate\",\"tolerence\":0.5}]"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("nothing else");
    assertThat(Guard.read(Guard.write(Guard.DEFAULTS).toString())).isEqualTo(Guard.DEFAULTS);
    for (String bad :
        List.of(
            "{}",
            "[{\"metric\":\"x\"}]",
            "[{\"metric\":\"ttft_p95\",\"tolerance\":0.5}]",
            "[{\"metric\":\"error_rate\",\"minimum\":0}]",
            "[{\"metric\":\"error_rate\",\"alpha\":\"no\"}]",
            "[{\"metric\":\"error_rate\"},{\"metric\":\"error_rate\"}]")) {
      assertThatThrownBy(() -> Guard.read(bad)).as(bad).isInstanceOf(FormatException.class);
    }
  }
}
