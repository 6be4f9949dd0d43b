package io.hadal.platform.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.registry.ProbeResult.Outcome;
import io.hadal.platform.tenancy.Identity;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegistryTest {
  private static final Identity ANY = Samples.identity("acme", "k1");
  private final Samples.StandingClock clock = new Samples.StandingClock();

  private static void refused(Registry registry, String name, Identity identity, String message) {
    assertThatThrownBy(() -> registry.resolve(name, identity, null))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining(message);
  }

  @OnBothDatabases
  void aVersionNeverChangesOnceActive(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = new Registry(database, clock);
      ModelVersion first = registry.draft(Samples.routed("flash", "u1"), null, "ann");
      assertThat(first.id()).isEqualTo("flash@2026-11-29");
      refused(registry, "flash", ANY, "does not exist");
      refused(registry, first.id(), ANY, "does not exist");
      // A draft may change.
      Manifest better = Samples.routed("flash", "u2");
      assertThat(registry.draft(better, "2026-11-29", "ann").manifest()).isEqualTo(better);
      registry.activate(first.id(), "ann");
      assertThatThrownBy(() -> registry.draft(Samples.routed("flash", "u3"), "2026-11-29", "ann"))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("another version");
      assertThat(registry.draft(Samples.routed("flash", "u3"), null, "ann").id())
          .isEqualTo("flash@2026-11-29.2");
      for (String sql :
          List.of(
              "UPDATE model_version SET manifest = '{}' WHERE id = 'flash@2026-11-29'",
              "UPDATE model_version SET lifecycle = 'draft' WHERE id = 'flash@2026-11-29'",
              "DELETE FROM model_version WHERE id = 'flash@2026-11-29'",
              "UPDATE alias_change SET target = 'x'",
              "DELETE FROM alias_change")) {
        assertThatThrownBy(() -> database.run(h -> h.execute(sql)))
            .as(sql)
            .isInstanceOf(RuntimeException.class);
      }
      assertThat(registry.version(first.id()).orElseThrow().manifest()).isEqualTo(better);
      registry.discard("flash@2026-11-29.2");
      assertThat(registry.versions()).hasSize(1);
      assertThatThrownBy(() -> registry.discard(first.id())).isInstanceOf(FormatException.class);
    }
  }

  @OnBothDatabases
  void namesPointToVersionsAndKeepTheirHistory(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = new Registry(database, clock);
      registry.draft(Samples.routed("flash", "u1"), "2026-01-01", "ann");
      registry.draft(Samples.routed("flash", "u2"), "2026-02-01", "ann");
      assertThatThrownBy(() -> registry.alias("", "fast", "flash@2026-01-01", "ann", "r"))
          .hasMessageContaining("activate");
      registry.activate("flash@2026-01-01", "ann");
      registry.activate("flash@2026-02-01", "ann");
      Resolution resolution = registry.resolve("flash", ANY, null);
      assertThat(resolution.version()).isEqualTo("flash@2026-01-01");
      assertThat(resolution.backends()).containsExactly("east", "west");
      assertThat(resolution.upstreamModel()).isEqualTo("u1");
      clock.move(1000);
      registry.alias("", "flash", "flash@2026-02-01", "bob", "better");
      registry.alias("acme", "flash", "flash@2026-01-01", "eve", "we stay");
      assertThat(registry.resolve("flash", ANY, null).version()).isEqualTo("flash@2026-01-01");
      assertThat(registry.resolve("flash", Samples.identity("other", "k"), null).version())
          .isEqualTo("flash@2026-02-01");
      registry.unalias("acme", "flash", "eve", "now we go");
      assertThat(registry.resolve("flash", ANY, null).version()).isEqualTo("flash@2026-02-01");
      assertThat(registry.history("", "flash"))
          .extracting(AliasChange::target, AliasChange::by, AliasChange::seq)
          .containsExactly(
              org.assertj.core.groups.Tuple.tuple("flash@2026-02-01", "bob", 2L),
              org.assertj.core.groups.Tuple.tuple("flash@2026-01-01", "ann", 1L));
      assertThat(registry.history("acme", "flash")).hasSize(2);
      assertThat(registry.aliases()).hasSize(1);
      assertThatThrownBy(() -> registry.alias("", "a@b", "flash@2026-01-01", "x", ""))
          .isInstanceOf(FormatException.class);
      assertThatThrownBy(() -> registry.unalias("", "nothing", "x", ""))
          .isInstanceOf(FormatException.class);
    }
  }

  @OnBothDatabases
  void anEndIsAnnouncedAndThenKept(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = new Registry(database, clock);
      for (String label : List.of("2026-01-01", "2026-02-01")) {
        registry.draft(Samples.routed("flash", "u"), label, "ann");
        registry.activate("flash@" + label, "ann");
      }
      Instant end = Instant.parse("2026-12-31T00:00:00Z");
      assertThatThrownBy(() -> registry.deprecate("flash@2026-01-01", null, end, "nobody"))
          .hasMessageContaining("nobody");
      assertThat(DeprecationHeaders.of(registry.resolve("flash", ANY, null), clock.instant()))
          .isEmpty();
      registry.deprecate("flash@2026-01-01", null, end, "flash@2026-02-01");
      Resolution resolution = registry.resolve("flash", ANY, null);
      assertThat(DeprecationHeaders.of(resolution, clock.instant()))
          .containsEntry("deprecation", "@" + clock.instant().getEpochSecond())
          .containsEntry("sunset", "Thu, 31 Dec 2026 00:00:00 GMT")
          .containsEntry("link", "</v1/models/flash%402026-02-01>; rel=\"successor-version\"");
      assertThatThrownBy(() -> registry.retire("flash@2026-01-01"))
          .hasMessageContaining("answers to flash");
      clock.at("2026-12-31T00:00:00Z");
      registry.refresh();
      refused(registry, "flash@2026-01-01", ANY, "Use 'flash@2026-02-01' instead");
      refused(registry, "flash", ANY, "retired on 2026-12-31");
      registry.alias("", "flash", "flash@2026-02-01", "ann", "the end");
      registry.retire("flash@2026-01-01");
      assertThat(registry.version("flash@2026-01-01").orElseThrow().lifecycle())
          .isEqualTo(Lifecycle.RETIRED);
      assertThatThrownBy(() -> registry.activate("flash@2026-01-01", "ann"))
          .hasMessageContaining("retired");
      assertThat(registry.resolve("flash", ANY, null).version()).isEqualTo("flash@2026-02-01");
    }
  }

  @OnBothDatabases
  void onlyWhatWasSeenToWorkIsAdvertised(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Registry registry = new Registry(database, clock);
      ProbeStore probes = new ProbeStore(database, registry);
      registry.draft(Samples.routed("flash", "u"), "2026-01-01", "ann");
      registry.activate("flash@2026-01-01", "ann");
      assertThat(registry.cards(ANY)).hasSize(2).allMatch(c -> c.features().isEmpty());
      probes.save(
          "flash@2026-01-01",
          List.of(
              new ProbeResult("tools", Outcome.PASSED, "", 5, clock.instant()),
              new ProbeResult("image", Outcome.FAILED, "400", 5, clock.instant())));
      clock.move(10);
      probes.save(
          "flash@2026-01-01",
          List.of(
              new ProbeResult("tools", Outcome.FAILED, "no call", 5, clock.instant()),
              new ProbeResult("logprobs", Outcome.PASSED, "", 5, clock.instant())));
      assertThat(registry.cards(ANY)).allMatch(c -> c.features().equals(List.of("logprobs")));
      assertThat(probes.last("flash@2026-01-01"))
          .extracting(ProbeResult::feature)
          .containsExactly("logprobs", "tools");
      assertThatThrownBy(() -> probes.save("nothing@2026-01-01", List.of()))
          .isInstanceOf(FormatException.class);
      assertThat(registry.cards(Samples.identity("acme", "k", "other*"))).isEmpty();
      refused(registry, "flash", Samples.identity("acme", "k", "other*"), "may not use");
      assertThat(registry.resolve("flash", Samples.identity("acme", "k", "fl*h@*"), null).version())
          .isEqualTo("flash@2026-01-01");
    }
  }

  @Test
  void whatWasKnownGoesOnWithoutADatabase() {
    Database database = TestDatabases.open(DatabaseKind.SQLITE);
    Registry registry = new Registry(database, clock);
    registry.draft(Samples.routed("flash", "u"), "2026-01-01", "ann");
    registry.activate("flash@2026-01-01", "ann");
    Registry late = new Registry(database, clock);
    database.close();
    clock.move(60_000);
    assertThat(registry.resolve("flash", ANY, null).version()).isEqualTo("flash@2026-01-01");
    refused(late, "flash", ANY, "cannot be read");
  }

  @Test
  void patternsMatchWholeNames() {
    assertThat(mayUse("a*", "abc")).isTrue();
    assertThat(mayUse("*c", "abc")).isTrue();
    assertThat(mayUse("a*b*c", "a1b2c")).isTrue();
    assertThat(mayUse("a*a", "a")).isFalse();
    assertThat(mayUse("abc", "abcd")).isFalse();
    assertThat(mayUse("*", "")).isTrue();
  }

  private static boolean mayUse(String pattern, String model) {
    return new Identity(
            ANY.org(),
            ANY.team(),
            ANY.project(),
            ANY.key(),
            null,
            ANY.scopes(),
            List.of(pattern),
            ANY.policy())
        .mayUse(model);
  }
}
