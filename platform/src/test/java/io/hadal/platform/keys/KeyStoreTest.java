package io.hadal.platform.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.Refusal;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.budget.Hold;
import io.hadal.platform.budget.SettledSource;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.metering.TestWork;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Page;
import io.hadal.platform.tenancy.Permissions.Visible;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Scope;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;

class KeyStoreTest {
  private static final String HOME = "127.0.0.1";

  @TempDir private Path folder = Path.of("");
  private final MovableClock clock = new MovableClock();

  private Pepper pepper() {
    return Pepper.file(folder.resolve("pepper"));
  }

  private Tenants.Project project(Database database) {
    Tenants tenants = new Tenants(database, clock);
    String org = tenants.createOrg("acme").id();
    return tenants.createProject(tenants.createTeam(org, "core").id(), "app", "App", null);
  }

  private static Refusal refused(KeyStore keys, String text, String address) {
    try {
      keys.authenticate(text, address);
    } catch (Refusal e) {
      return e;
    }
    throw new AssertionError("was let in");
  }

  @OnBothDatabases
  void lifeOfAKey(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        KeyStore keys = new KeyStore(database, pepper(), clock)) {
      Tenants.Project project = project(database);
      KeyTerms terms =
          new KeyTerms(
              "ci",
              EnumSet.of(Scope.INFERENCE, Scope.ADMIN),
              List.of("deepseek-*"),
              List.of("127.0.0.0/8", "2001:db8::/32"),
              "{\"rpm\":60}",
              clock.millis() + Duration.ofDays(10).toMillis());
      KeyStore.Created created = keys.create(project.id(), null, false, terms);
      String text = created.text().reveal();
      Identity identity = keys.authenticate(text, HOME);
      assertThat(identity.project()).isEqualTo(project.id());
      assertThat(identity.org()).isEqualTo(project.org());
      assertThat(identity.key()).isEqualTo(created.key().id());
      assertThat(identity.scopes()).containsExactlyInAnyOrder(Scope.INFERENCE, Scope.ADMIN);
      assertThat(identity.mayUse("deepseek-v4")).isTrue();
      assertThat(identity.mayUse("other")).isFalse();
      assertThat(refused(keys, text, "10.0.0.1").reason())
          .isEqualTo(Refusal.Reason.ADDRESS_NOT_ALLOWED);
      assertThat(keys.authenticate(text, "2001:db8::7").key()).isEqualTo(created.key().id());
      for (String said : new String[] {project.id(), project.slug()}) {
        assertThat(keys.authenticate(text, HOME, said).key()).isEqualTo(created.key().id());
      }
      assertThatThrownBy(() -> keys.authenticate(text, HOME, "another"))
          .isInstanceOfSatisfying(
              Refusal.class,
              refusal ->
                  assertThat(refusal.reason()).isEqualTo(Refusal.Reason.PROJECT_NOT_ALLOWED));

      keys.flush();
      ApiKey shown = Objects.requireNonNull(keys.get(created.key().id()));
      assertThat(shown.lastUsedAt()).isEqualTo(clock.millis());
      assertThat(text).endsWith(shown.last4());
      assertThat(shown.toString()).doesNotContain(text.substring(17));

      KeyStore.Created rotated = keys.rotate(shown.id(), KeyStore.GRACE);
      assertThat(rotated.key().kid()).isEqualTo(shown.kid());
      assertThat(rotated.text().reveal()).isNotEqualTo(text).startsWith(text.substring(0, 16));
      keys.authenticate(text, HOME);
      keys.authenticate(rotated.text().reveal(), HOME);
      clock.pass(Duration.ofHours(24));
      assertThat(refused(keys, text, HOME).reason()).isEqualTo(Refusal.Reason.UNAUTHENTICATED);
      keys.authenticate(rotated.text().reveal(), HOME);

      KeyStore.Created third = keys.rotate(shown.id(), Duration.ZERO);
      assertThat(refused(keys, rotated.text().reveal(), HOME).message()).contains("Incorrect");
      clock.pass(Duration.ofDays(10));
      assertThat(refused(keys, third.text().reveal(), HOME).message()).contains("expired");
      keys.revoke(shown.id());
      assertThat(refused(keys, third.text().reveal(), HOME).message()).contains("revoked");
      assertThatThrownBy(() -> keys.rotate(shown.id(), Duration.ZERO))
          .isInstanceOf(FormatException.class);
    }
  }

  @OnBothDatabases
  void secretsAreNotInTheDatabase(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        KeyStore keys = new KeyStore(database, pepper(), clock)) {
      Tenants.Project project = project(database);
      String text = keys.create(project.id(), null, true, KeyTerms.inference("k")).text().reveal();
      List<String> columns = new ArrayList<>();
      database.run(
          h ->
              h.createQuery("SELECT * FROM api_key")
                  .mapToMap()
                  .forEach(row -> columns.add(row.toString())));
      assertThat(columns).hasSize(1);
      assertThat(columns.getFirst()).contains(text.substring(5, 15));
      assertThat(columns.getFirst()).doesNotContain(text.substring(16, 30));
      assertThat(refused(keys, text.substring(0, 59) + "?", HOME).message())
          .doesNotContain(text.substring(16, 30));
    }
  }

  @OnBothDatabases
  void slipsOfThePenNeedNoLookUpAndOthersAreRemembered(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        KeyStore keys = new KeyStore(database, pepper(), clock)) {
      Tenants.Project project = project(database);
      String text = keys.create(project.id(), null, false, KeyTerms.inference("k")).text().reveal();
      long before = keys.lookUps();
      char last = text.charAt(59);
      refused(keys, text.substring(0, 59) + (last == 'a' ? 'b' : 'a'), HOME);
      refused(keys, "sk-wrong", HOME);
      assertThat(keys.lookUps()).isEqualTo(before);
      for (int i = 0; i < 10; i++) {
        keys.authenticate(text, HOME);
      }
      assertThat(keys.lookUps()).isEqualTo(before + 1);
      clock.pass(Duration.ofSeconds(30));
      keys.authenticate(text, HOME);
      assertThat(keys.lookUps()).isEqualTo(before + 2);
      String none = KeyText.create(false).text().reveal();
      refused(keys, none, HOME);
      refused(keys, none, HOME);
      assertThat(keys.lookUps()).isEqualTo(before + 3);
      clock.pass(Duration.ofSeconds(5));
      refused(keys, none, HOME);
      assertThat(keys.lookUps()).isEqualTo(before + 4);
    }
  }

  @OnBothDatabases
  void manyFailuresFromOneAddressAreStoppedAndKnownKeysGoOn(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        KeyStore keys = new KeyStore(database, pepper(), clock)) {
      Tenants.Project project = project(database);
      String known =
          keys.create(project.id(), null, false, KeyTerms.inference("k")).text().reveal();
      keys.authenticate(known, HOME);
      for (int i = 0; i < 30; i++) {
        assertThat(refused(keys, KeyText.create(false).text().reveal(), HOME).reason())
            .isEqualTo(Refusal.Reason.UNAUTHENTICATED);
      }
      long before = keys.lookUps();
      Refusal stopped = refused(keys, KeyText.create(false).text().reveal(), HOME);
      assertThat(stopped.reason()).isEqualTo(Refusal.Reason.RATE_LIMIT);
      assertThat(stopped.retryAfterMillis()).isPositive();
      assertThat(keys.lookUps()).isEqualTo(before);
      keys.authenticate(known, HOME);
      assertThat(refused(keys, KeyText.create(false).text().reveal(), "10.1.1.1").reason())
          .isEqualTo(Refusal.Reason.UNAUTHENTICATED);
    }
  }

  @OnBothDatabases
  void revokedOnAnotherNodeWithinTwoSeconds(DatabaseKind kind) throws Exception {
    DatabaseOptions options = TestDatabases.fresh(kind);
    try (Database one = Database.open(options);
        Database two = Database.open(options);
        KeyStore here = new KeyStore(one, pepper(), Clock.systemUTC());
        KeyStore there = new KeyStore(two, pepper(), Clock.systemUTC())) {
      Tenants.Project project = project(one);
      KeyStore.Created created = here.create(project.id(), null, false, KeyTerms.inference("k"));
      String text = created.text().reveal();
      there.authenticate(text, HOME);
      here.authenticate(text, HOME);
      here.revoke(created.key().id());
      assertThat(refused(here, text, HOME).message()).contains("revoked");
      assertThat(awaitRefusal(there, text, 2).message()).contains("revoked");
    }
  }

  /** What a store answers within some time, when it does not at once. */
  private static Refusal awaitRefusal(KeyStore keys, String text, int seconds)
      throws InterruptedException {
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < seconds * 1_000_000_000L) {
      try {
        keys.authenticate(text, HOME);
      } catch (Refusal e) {
        return e;
      }
      Thread.sleep(20);
    }
    throw new AssertionError("is still let in after " + seconds + " s");
  }

  @OnBothDatabases
  void pepperOfTheLastGenerationMovesOn(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind)) {
      Tenants.Project project = project(database);
      String used;
      String unused;
      try (KeyStore keys = new KeyStore(database, pepper(), clock)) {
        used = keys.create(project.id(), null, false, KeyTerms.inference("a")).text().reveal();
        unused = keys.create(project.id(), null, false, KeyTerms.inference("b")).text().reveal();
      }
      Pepper second = Pepper.rotate(folder.resolve("pepper"));
      try (KeyStore keys = new KeyStore(database, second, clock)) {
        keys.authenticate(used, HOME);
      }
      Pepper third = Pepper.rotate(folder.resolve("pepper"));
      try (KeyStore keys = new KeyStore(database, third, clock)) {
        keys.authenticate(used, HOME);
        assertThat(refused(keys, unused, HOME).reason()).isEqualTo(Refusal.Reason.UNAUTHENTICATED);
      }
    }
  }

  @OnBothDatabases
  void whatIsArchivedAboveEndsItsKeys(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind);
        KeyStore keys = new KeyStore(database, pepper(), Clock.systemUTC())) {
      Tenants tenants = new Tenants(database, clock);
      Principals principals = new Principals(database, clock);
      Tenants.Project project = project(database);
      String owner = principals.create(project.org(), Principals.Kind.SERVICE, "bot", null).id();
      String owned =
          keys.create(project.id(), owner, false, KeyTerms.inference("a")).text().reveal();
      String plain =
          keys.create(project.id(), null, false, KeyTerms.inference("b")).text().reveal();
      keys.authenticate(owned, HOME);
      principals.archive(owner);
      assertThat(awaitRefusal(keys, owned, 5).message()).contains("archived owner");
      assertThat(keys.authenticate(plain, HOME).policy().zdr()).isFalse();
      tenants.updateProject(
          project.id(),
          null,
          null,
          Json.parse("{\"zdr\":true}".getBytes(StandardCharsets.UTF_8), "policy"));
      long begin = System.nanoTime();
      while (!keys.authenticate(plain, HOME).policy().zdr()) {
        assertThat(System.nanoTime() - begin).isLessThan(5_000_000_000L);
        Thread.sleep(20);
      }
      tenants.archiveTeam(project.team());
      assertThat(awaitRefusal(keys, plain, 5).message()).contains("archived team");
    }
  }

  @OnBothDatabases
  void listsAndChecksTerms(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        KeyStore keys = new KeyStore(database, pepper(), clock)) {
      Tenants.Project project = project(database);
      for (int i = 0; i < 5; i++) {
        keys.create(project.id(), null, false, KeyTerms.inference("k" + i));
        clock.pass(Duration.ofSeconds(1));
      }
      KeyFilter filter = KeyFilter.ofProject(project.id());
      Page<ApiKey> first = keys.list(filter, null, 3);
      Page<ApiKey> second = keys.list(filter, first.next(), 3);
      assertThat(first.data()).extracting(ApiKey::name).containsExactly("k0", "k1", "k2");
      assertThat(second.data()).extracting(ApiKey::name).containsExactly("k3", "k4");
      assertThat(second.next()).isNull();
      KeyFilter nothing =
          new KeyFilter(new Visible(false, List.of(), List.of(), List.of()), null, null, null);
      assertThat(keys.list(nothing, null, 3).data()).isEmpty();
      ApiKey key = first.data().getFirst();
      ApiKey changed =
          keys.change(
              key.id(),
              new KeyTerms(
                  "new",
                  EnumSet.of(Scope.FILES),
                  List.of("m*"),
                  List.of("10.0.0.0/8"),
                  "{}",
                  clock.millis() + 1));
      assertThat(changed.name()).isEqualTo("new");
      assertThat(changed.models()).containsExactly("m*");
      assertThatThrownBy(() -> keys.create("none", null, false, KeyTerms.inference("x")))
          .hasMessageContaining("project");
      assertThatThrownBy(() -> keys.create(project.id(), "none", false, KeyTerms.inference("x")))
          .hasMessageContaining("principal");
      assertThatThrownBy(() -> keys.revoke("none")).hasMessageContaining("key");
      assertThatThrownBy(() -> KeyTerms.inference(" ")).hasMessageContaining("name");
      assertThatThrownBy(
              () ->
                  new KeyTerms("x", EnumSet.of(Scope.FILES), List.of("a b"), List.of(), "{}", null))
          .hasMessageContaining("models");
      assertThatThrownBy(
              () -> new KeyTerms("x", EnumSet.of(Scope.FILES), List.of(), List.of(), "[1]", null))
          .hasMessageContaining("limits");
      assertThatThrownBy(() -> KeyTerms.scopes(List.of("admin"))).hasMessageContaining("admin:*");
    }
  }

  @OnBothDatabases
  void knownKeysOutliveTheDatabaseForAWhile(DatabaseKind kind) {
    Database database = TestDatabases.open(kind);
    try (KeyStore keys = new KeyStore(database, pepper(), clock)) {
      Tenants.Project project = project(database);
      String text = keys.create(project.id(), null, false, KeyTerms.inference("k")).text().reveal();
      keys.authenticate(text, HOME);
      database.close();
      clock.pass(Duration.ofMinutes(4));
      keys.authenticate(text, HOME);
      assertThat(refused(keys, KeyText.create(false).text().reveal(), HOME).reason())
          .isEqualTo(Refusal.Reason.UNAVAILABLE);
      clock.pass(Duration.ofMinutes(2));
      assertThat(refused(keys, text, HOME).reason()).isEqualTo(Refusal.Reason.UNAVAILABLE);
    }
  }

  private static KeyTerms limited(String limits) {
    KeyTerms usual = KeyTerms.inference("limited");
    return new KeyTerms("limited", usual.scopes(), List.of(), List.of(), limits, null);
  }

  private static void limited(RateLimits limits, Identity identity, int most) {
    for (int i = 0; i < most; i++) {
      limits.admit(TestWork.work(identity, "m", 1, null, 1, 1), 1).end(Quantities.NONE, 0);
    }
    assertThatThrownBy(() -> limits.admit(TestWork.work(identity, "m", 1, null, 1, 1), 1))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("requests per day for this key");
  }

  @OnBothDatabases
  void aKeyHasLimitsOfItsOwn(DatabaseKind kind) {
    try (Database database = TestDatabases.open(kind);
        KeyStore keys = new KeyStore(database, pepper(), clock);
        RateLimits limits = new RateLimits(database, LeaseOptions.alone("n1"), clock);
        Budgets budgets =
            new Budgets(
                database,
                LeaseOptions.alone("n1"),
                clock,
                SettledSource.NONE,
                (handle, alert) -> {})) {
      String project = project(database).id();
      KeyStore.Created made =
          keys.create(project, null, false, limited("{\"rpd\":2,\"budget_usd\":\"0.000001\"}"));
      assertThat(made.key().limits())
          .isEqualTo("{\"rpd\":2,\"budget_usd\":\"0.000001\",\"budget_window\":\"month\"}");
      Identity identity = keys.authenticate(made.text().reveal(), HOME);
      limits.reload();
      budgets.reload();
      limited(limits, identity, 2);
      Work work = TestWork.work(identity, "m", 1, null, 1, 1);
      Hold hold = Objects.requireNonNull(budgets.hold(work, clock.millis(), 900));
      assertThat(budgets.leastLeft(LimitScope.KEY)).isCloseTo(0.1, within(1e-9));
      assertThat(budgets.leastLeft(LimitScope.TEAM)).isNaN();
      assertThatThrownBy(() -> budgets.hold(work, clock.millis(), 200))
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("of this key is used up: 0.000001 USD for the month");
      hold.settle(900);

      keys.change(made.key().id(), limited("{\"rpd\":5,\"budget_usd\":\"0.000002\"}"));
      clock.pass(Duration.ofSeconds(1));
      limits.reload();
      budgets.reload();
      limited(limits, identity, 3);
      assertThat(budgets.hold(work, clock.millis(), 200)).isNotNull();
      assertThat(limits.list()).isEmpty();
      assertThat(budgets.list()).isEmpty();
      for (String bad :
          List.of(
              "{\"rpx\":1}",
              "{\"rpm\":0}",
              "{\"rpm\":1.5}",
              "{\"budget_usd\":5}",
              "{\"budget_usd\":\"-1\"}",
              "{\"budget_window\":\"year\"}")) {
        assertThatThrownBy(() -> limited(bad)).as(bad).hasMessageContaining("limits.");
      }
    }
  }
}
