package io.hadal.platform.signin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.keys.MovableClock;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Page;
import io.hadal.platform.tenancy.Permissions.Visible;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.tenancy.Tenants;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class SignInTest {
  private static final String HOME = "127.0.0.1";
  private static final URI REDIRECT =
      URI.create("http://127.0.0.1:1/admin/v1/session/oidc/callback");
  private static final PasswordHash QUICK = new PasswordHash(1000);

  private final MovableClock clock = new MovableClock();

  /** A platform with its first tenants. */
  private final class World implements AutoCloseable {
    final Database database;
    final Tenants tenants;
    final Principals principals;
    final Sessions sessions;
    final BreakGlass breakGlass;
    final SecretText password;
    final String org;
    final @Nullable TestIssuer issuer;
    final SignIn signIn;

    World(DatabaseKind kind, @Nullable TestIssuer issuer, String groupClaim) {
      this.issuer = issuer;
      database = TestDatabases.open(kind);
      tenants = new Tenants(database, clock);
      principals = new Principals(database, clock);
      sessions = new Sessions(database, clock);
      breakGlass = new BreakGlass(database, QUICK, clock);
      password = Objects.requireNonNull(breakGlass.firstStart());
      org = tenants.orgs(Visible.EVERYTHING, null, 1).data().getFirst().id();
      OidcOptions options =
          issuer == null
              ? null
              : new OidcOptions(
                  issuer.issuer(),
                  TestIssuer.CLIENT,
                  new SecretText(TestIssuer.SECRET),
                  REDIRECT,
                  List.of("profile", "email"),
                  groupClaim,
                  List.of(
                      new OidcOptions.GroupGrant("admins", new Actor.Grant(Role.ADMIN, "org", org)),
                      new OidcOptions.GroupGrant("root", new Actor.Grant(Role.ADMIN, "all", "*")),
                      new OidcOptions.GroupGrant(
                          "viewers", new Actor.Grant(Role.VIEWER, "org", org))),
                  org);
      signIn = new SignIn(principals, sessions, breakGlass, options, true, new byte[32], clock);
    }

    /** What a browser does: goes to the issuer and comes back with code and state. */
    SignIn.Finished throughIssuer() throws Exception {
      SignIn.Started started = signIn.startOidc("/console/?a=b");
      String[] back = back(started.location());
      return signIn.finishOidc(back[0], back[1], started.sealed().reveal(), HOME);
    }

    @Override
    public void close() {
      signIn.close();
      database.close();
      if (issuer != null) {
        issuer.close();
      }
    }
  }

  private static String[] back(URI location) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          http.send(HttpRequest.newBuilder(location).build(), HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(302);
      String target = response.headers().firstValue("location").orElseThrow();
      assertThat(target).startsWith(REDIRECT + "?");
      String[] parts = target.substring(target.indexOf('?') + 1).split("&");
      return new String[] {
        parts[0].substring("code=".length()), parts[1].substring("state=".length())
      };
    }
  }

  /** People choose their names at the provider. */
  @Test
  void aNameThatLooksLikeAnotherShowsThatItIsNone() throws Exception {
    TestIssuer issuer = new TestIssuer(clock);
    issuer.name = "Ann\u200b \u202eelpmaxE";
    issuer.email = "\u202enna@example.org";
    try (World world = new World(DatabaseKind.SQLITE, issuer, "groups")) {
      String principal = world.throughIssuer().session().session().principal();
      Actor actor = Objects.requireNonNull(world.principals.actor(principal, HOME));
      assertThat(actor.name()).isEqualTo("Ann   elpmaxE");
      assertThat(Objects.requireNonNull(world.principals.get(principal)).email()).isNull();
    }
  }

  @Test
  void passwordsAreSlowAndSalted() {
    PasswordHash real = new PasswordHash(PasswordHash.ITERATIONS);
    SecretText password = new SecretText("correct horse");
    String hash = real.hash(password);
    assertThat(hash).startsWith("pbkdf2-sha256$600000$").doesNotContain("correct");
    assertThat(QUICK.verify(password, hash)).isTrue();
    String quick = QUICK.hash(password);
    assertThat(QUICK.hash(password)).isNotEqualTo(quick);
    assertThat(QUICK.verify(new SecretText("correct horsf"), quick)).isFalse();
    assertThat(QUICK.verify(password, "plain")).isFalse();
    assertThat(QUICK.verify(new SecretText("x".repeat(5000)), hash)).isFalse();
  }

  @OnBothDatabases
  void firstStartMakesOneAdministrator(DatabaseKind kind) {
    try (World world = new World(kind, null, "groups")) {
      assertThat(world.breakGlass.firstStart()).isNull();
      assertThat(world.tenants.projectBySlug(world.org, "default")).isNotNull();
      Sessions.Begun begun = world.signIn.password(BreakGlass.NAME, world.password, HOME);
      Actor actor =
          Objects.requireNonNull(world.principals.actor(begun.session().principal(), HOME));
      assertThat(actor.org()).isNull();
      assertThat(actor.grants()).containsExactly(new Actor.Grant(Role.OWNER, "all", "*"));
      SecretText next = world.breakGlass.reset();
      assertThat(world.sessions.find(begun.token())).isNull();
      assertThatThrownBy(() -> world.signIn.password(BreakGlass.NAME, world.password, HOME))
          .isInstanceOf(Refusal.class);
      world.signIn.password(BreakGlass.NAME, next, HOME);
      // Archived by mistake: the way back.
      world.principals.archive(begun.session().principal());
      world.tenants.archiveOrg(world.org);
      SecretText rescued = world.breakGlass.reset();
      Sessions.Begun again = world.signIn.password(BreakGlass.NAME, rescued, HOME);
      assertThat(world.principals.actor(again.session().principal(), HOME)).isNotNull();
    }
  }

  @OnBothDatabases
  void sessionsEnd(DatabaseKind kind) {
    try (World world = new World(kind, null, "groups")) {
      Sessions.Begun begun = world.signIn.password(BreakGlass.NAME, world.password, HOME);
      assertThat(begun.token().reveal()).hasSize(43);
      List<String> rows = new ArrayList<>();
      world.database.run(
          h ->
              h.createQuery("SELECT * FROM session")
                  .mapToMap()
                  .forEach(row -> rows.add(row.toString())));
      assertThat(rows.getFirst()).doesNotContain(begun.token().reveal());
      for (int i = 0; i < 22; i++) {
        clock.pass(Duration.ofMinutes(30));
        assertThat(world.sessions.find(begun.token())).as("%d", i).isNotNull();
      }
      clock.pass(Duration.ofMinutes(61));
      assertThat(world.sessions.find(begun.token())).isNull();
      Sessions.Begun other = world.signIn.password(BreakGlass.NAME, world.password, HOME);
      for (int i = 0; i < 24; i++) {
        clock.pass(Duration.ofMinutes(30));
        world.sessions.find(other.token());
      }
      assertThat(world.sessions.find(other.token())).isNull();
      Sessions.Begun third = world.signIn.password(BreakGlass.NAME, world.password, HOME);
      world.sessions.end(third.token());
      assertThat(world.sessions.find(third.token())).isNull();
      assertThat(world.sessions.find(new SecretText("guess"))).isNull();
    }
  }

  @OnBothDatabases
  void guessingIsStopped(DatabaseKind kind) {
    try (World world = new World(kind, null, "groups")) {
      for (int i = 0; i < 10; i++) {
        assertThatThrownBy(
                () -> world.signIn.password(BreakGlass.NAME, new SecretText("guess"), HOME))
            .isInstanceOfSatisfying(
                Refusal.class,
                e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.UNAUTHENTICATED));
      }
      assertThatThrownBy(() -> world.signIn.password(BreakGlass.NAME, world.password, HOME))
          .isInstanceOfSatisfying(
              Refusal.class,
              e -> {
                assertThat(e.reason()).isEqualTo(Refusal.Reason.RATE_LIMIT);
                assertThat(e.retryAfterMillis()).isBetween(1000L, 60_000L);
              });
      assertThatThrownBy(() -> world.signIn.password("nobody", world.password, "10.0.0.1"))
          .hasMessageContaining("wrong");
      world.signIn.password(BreakGlass.NAME, world.password, "10.0.0.1");
      clock.pass(Duration.ofMinutes(1));
      world.signIn.password(BreakGlass.NAME, world.password, HOME);
    }
  }

  @OnBothDatabases
  void identityProviderVouchesForPeople(DatabaseKind kind) throws Exception {
    TestIssuer issuer = new TestIssuer(clock);
    try (World world = new World(kind, issuer, "groups")) {
      SignIn.Finished finished = world.throughIssuer();
      assertThat(finished.returnTo()).isEqualTo("/console/?a=b");
      Principals.Principal ann =
          Objects.requireNonNull(world.principals.get(finished.session().session().principal()));
      assertThat(ann.name()).isEqualTo("Ann Example");
      assertThat(ann.email()).isEqualTo("ann@example.org");
      assertThat(ann.subject()).isEqualTo(issuer.issuer() + "|u-1");
      assertThat(world.principals.grants(ann.id()))
          .extracting(held -> held.grant().role())
          .containsExactly(Role.ADMIN);
      assertThat(world.sessions.find(finished.session().token())).isNotNull();

      // An organisation's administrator cannot do what the password is for.
      assertThat(world.signIn.hasPassword()).isTrue();
      issuer.groups = List.of("root");
      world.throughIssuer();
      // Now that somebody else administers, the password is given up, until it is set anew.
      assertThat(world.signIn.hasPassword()).isFalse();
      assertThatThrownBy(() -> world.signIn.password(BreakGlass.NAME, world.password, HOME))
          .hasMessageContaining("reset-password");
      SecretText next = world.breakGlass.reset();
      world.signIn.password(BreakGlass.NAME, next, HOME);

      // Groups of the day decide; another person is another principal.
      issuer.groups = List.of("viewers", "others");
      assertThat(world.throughIssuer().session().session().principal()).isEqualTo(ann.id());
      assertThat(world.principals.grants(ann.id()))
          .extracting(held -> held.grant().role())
          .containsExactly(Role.VIEWER);
      assertThat(world.signIn.hasPassword()).isTrue();
      issuer.subject = "u-2";
      issuer.elliptic = true;
      issuer.rotateKeys();
      clock.pass(Duration.ofSeconds(11));
      assertThat(world.throughIssuer().session().session().principal()).isNotEqualTo(ann.id());
      issuer.groups = List.of();
      assertThatThrownBy(world::throughIssuer)
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("no role");
      Page<Principals.Principal> all = world.principals.list(Visible.EVERYTHING, null, null, 50);
      assertThat(all.data()).hasSize(3);
    }
  }

  @ParameterizedTest
  @EnumSource(value = TestIssuer.Fault.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void tokensThatAreNotRightAreRefused(TestIssuer.Fault fault) throws Exception {
    TestIssuer issuer = new TestIssuer(clock);
    try (World world = new World(DatabaseKind.SQLITE, issuer, "realm_access.roles")) {
      issuer.fault = fault;
      for (boolean elliptic : new boolean[] {false, true}) {
        issuer.elliptic = elliptic;
        assertThatThrownBy(world::throughIssuer)
            .isInstanceOfSatisfying(
                Refusal.class,
                e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.UNAUTHENTICATED));
      }
      assertThat(world.principals.list(Visible.EVERYTHING, null, null, 50).data()).hasSize(1);
      issuer.fault = TestIssuer.Fault.NONE;
      world.throughIssuer();
    }
  }

  @Test
  void aFlowBelongsToItsBrowserAndIsUsedOnce() throws Exception {
    TestIssuer issuer = new TestIssuer(clock);
    try (World world = new World(DatabaseKind.SQLITE, issuer, "groups")) {
      SignIn.Started mine = world.signIn.startOidc("//evil.example/");
      SignIn.Started other = world.signIn.startOidc("/");
      String[] back = back(mine.location());
      String sealed = mine.sealed().reveal();
      for (String wrong :
          new String[] {
            other.sealed().reveal(), "", "AAAA", sealed.substring(1), sealed + "AAAA"
          }) {
        assertThatThrownBy(() -> world.signIn.finishOidc(back[0], back[1], wrong, "10.0.0.1"))
            .isInstanceOf(Refusal.class);
      }
      assertThatThrownBy(() -> world.signIn.finishOidc(back[0], "state", sealed, "10.0.0.2"))
          .isInstanceOf(Refusal.class);
      SignIn.Finished finished = world.signIn.finishOidc(back[0], back[1], sealed, HOME);
      assertThat(finished.returnTo()).isEqualTo("/");
      assertThatThrownBy(() -> world.signIn.finishOidc(back[0], back[1], sealed, HOME))
          .hasMessageContaining("code");
      String[] late = back(other.location());
      clock.pass(SignIn.FLOW);
      assertThatThrownBy(
              () -> world.signIn.finishOidc(late[0], late[1], other.sealed().reveal(), HOME))
          .hasMessageContaining("old");
    }
  }

  @Test
  void keysAreAskedForAgainOnlyNowAndThen() throws Exception {
    TestIssuer issuer = new TestIssuer(clock);
    try (World world = new World(DatabaseKind.SQLITE, issuer, "groups")) {
      world.throughIssuer();
      world.throughIssuer();
      assertThat(issuer.keyRequests).hasValue(1);
      issuer.rotateKeys();
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(world::throughIssuer).isInstanceOf(Refusal.class);
      }
      assertThat(issuer.keyRequests).hasValue(1);
      clock.pass(Duration.ofSeconds(10));
      world.throughIssuer();
      assertThat(issuer.keyRequests).hasValue(2);
    }
  }

  @Test
  void nobodyWaitsForAnIssuerWhoCanGoOnWithWhatItSaidBefore() throws Exception {
    TestIssuer issuer = new TestIssuer(clock);
    try (World world = new World(DatabaseKind.SQLITE, issuer, "groups");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      world.throughIssuer();
      clock.pass(Duration.ofMinutes(11));
      List<Callable<SignIn.Finished>> flows = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        SignIn.Started started = world.signIn.startOidc("/");
        String[] back = back(started.location());
        String sealed = started.sealed().reveal();
        flows.add(() -> world.signIn.finishOidc(back[0], back[1], sealed, HOME));
      }
      // Its addresses are new now, its keys are old: one asks, the other takes those it had.
      CountDownLatch slow = slow(issuer);
      Future<SignIn.Finished> asking = threads.submit(flows.get(0));
      await(issuer.keyRequests, 2);
      threads.submit(flows.get(1)).get(5, TimeUnit.SECONDS);
      assertThat(asking.isDone()).isFalse();
      slow.countDown();
      asking.get(5, TimeUnit.SECONDS);
      assertThat(issuer.keyRequests).hasValue(2);

      // The same with its addresses.
      clock.pass(Duration.ofMinutes(11));
      slow = slow(issuer);
      Callable<SignIn.Started> start = () -> world.signIn.startOidc("/");
      Future<SignIn.Started> starting = threads.submit(start);
      await(issuer.discoveries, 3);
      threads.submit(start).get(5, TimeUnit.SECONDS);
      assertThat(starting.isDone()).isFalse();
      slow.countDown();
      starting.get(5, TimeUnit.SECONDS);

      // What is too old serves nobody; one asks for all.
      clock.pass(Duration.ofMinutes(21));
      slow = slow(issuer);
      starting = threads.submit(start);
      await(issuer.discoveries, 4);
      Future<SignIn.Started> waiting = threads.submit(start);
      assertThatThrownBy(() -> waiting.get(50, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      slow.countDown();
      starting.get(5, TimeUnit.SECONDS);
      waiting.get(5, TimeUnit.SECONDS);
      assertThat(issuer.discoveries).hasValue(4);
    }
  }

  private static CountDownLatch slow(TestIssuer issuer) {
    CountDownLatch latch = new CountDownLatch(1);
    issuer.published = latch;
    return latch;
  }

  private static void await(AtomicInteger counter, int value) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (counter.get() < value && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(2);
    }
    assertThat(counter).hasValue(value);
  }

  @Test
  void anIssuerThatIsDownIsSaid() {
    TestIssuer issuer = new TestIssuer(clock);
    try (World world = new World(DatabaseKind.SQLITE, issuer, "groups")) {
      issuer.close();
      assertThatThrownBy(() -> world.signIn.startOidc("/"))
          .isInstanceOfSatisfying(
              Refusal.class, e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.UNAVAILABLE));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://issuer.example", "ftp://x", "issuer", "https:///x", "https://a/#b"})
  void addressesInTheClearAreRefused(String issuer) {
    assertThatThrownBy(
            () ->
                new OidcOptions(
                    URI.create(issuer), "c", null, REDIRECT, List.of(), "groups", List.of(), "o"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("oidc.issuer");
  }

  @Test
  void readsItsConfiguration() {
    OidcOptions options =
        OidcConfig.read(
            json(
                "{'issuer':'https://id.example','client_id':'hadal','client_secret':'env:S',"
                    + "'redirect':'https://llm.example/admin/v1/session/oidc/callback',"
                    + "'groups':[{'group':'ops','role':'owner','scope_type':'all'},"
                    + "{'group':'dev','role':'developer'},"
                    + "{'group':'x','role':'admin','scope_type':'team','scope_id':'team_1'}]}"),
            "org_1",
            Map.of("S", " secret\n"));
    assertThat(Objects.requireNonNull(options.clientSecret()).reveal()).isEqualTo("secret");
    assertThat(options.groupClaim()).isEqualTo("groups");
    assertThat(options.groups())
        .extracting(OidcOptions.GroupGrant::grant)
        .containsExactly(
            new Actor.Grant(Role.OWNER, "all", "*"),
            new Actor.Grant(Role.DEVELOPER, "org", "org_1"),
            new Actor.Grant(Role.ADMIN, "team", "team_1"));
    assertThat(options.toString()).doesNotContain("secret,");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "[]; oidc",
        "{'issuer':5}; oidc.issuer",
        "{'issuer':'https://a'}; oidc.client_id",
        "{'issuer':'https://a','client_id':'c','redirect':'http://b'}; oidc.redirect",
        "{'issuer':'a b'}; oidc.issuer",
        "{'other':1}; oidc.other",
        "{'client_secret':'hunter2','issuer':'https://a','client_id':'c'}; client_secret",
        "{'client_secret':'env:NONE','issuer':'https://a','client_id':'c'}; client_secret",
        "{'groups':{}}; oidc.groups",
        "{'groups':[{'group':'g','role':'king'}]}; role",
        "{'groups':[{'role':'admin'}]}; oidc.groups[0].group",
        "{'groups':[{'group':'g','role':'admin','scope_type':'team'}]}; oidc.groups[0].scope_id"
      })
  void namesWhatIsWrongInItsConfiguration(String text, String field) {
    assertThatThrownBy(() -> OidcConfig.read(json(text), "org_1", Map.of()))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(field.strip())
        .hasMessageNotContaining("hunter2");
  }

  private static JsonNode json(String text) {
    return Json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
  }
}
