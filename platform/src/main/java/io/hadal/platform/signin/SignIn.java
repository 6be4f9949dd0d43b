package io.hadal.platform.signin;

import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.keys.FailedAttempts;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Principals;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Ways for people to begin a session. */
public final class SignIn implements AutoCloseable {
  /** How long the identity provider may keep somebody. */
  public static final Duration FLOW = Duration.ofMinutes(10);

  private static final int FAILURES = 10;
  private static final long FAILURE_FORGOTTEN_MILLIS = 60_000;

  private final Principals principals;
  private final Sessions sessions;
  private final BreakGlass breakGlass;
  private final Clock clock;
  private final @Nullable OidcOptions options;
  private final UnaryOperator<OidcOptions> placed;
  private final @Nullable OidcProvider provider;
  private final boolean passwordUntilOidc;
  private final byte[] flowKey;
  private final FailedAttempts attempts;

  /**
   * A sign-in by the identity provider that has begun.
   *
   * @param location where to send the browser
   * @param sealed what the browser has to show when it comes back
   */
  public record Started(URI location, SecretText sealed) {}

  /**
   * A sign-in by the identity provider that is done.
   *
   * @param returnTo path of this server to go to
   */
  public record Finished(Sessions.Begun session, String returnTo) {}

  /**
   * Ways to sign in.
   *
   * @param oidc the identity provider; null for none
   * @param passwordUntilOidc whether the administrator's password ends working once somebody who
   *     administers the whole system has signed in by the identity provider
   * @param flowKey 32 bytes, the same on all nodes
   */
  public SignIn(
      Principals principals,
      Sessions sessions,
      BreakGlass breakGlass,
      @Nullable OidcOptions oidc,
      boolean passwordUntilOidc,
      byte[] flowKey,
      Clock clock) {
    this(
        principals,
        sessions,
        breakGlass,
        oidc,
        UnaryOperator.identity(),
        passwordUntilOidc,
        flowKey,
        clock);
  }

  /**
   * Ways to sign in.
   *
   * @param placed says, when somebody signs in, where roles hold that name no place: before the
   *     first start is over, there is no organisation
   */
  public SignIn(
      Principals principals,
      Sessions sessions,
      BreakGlass breakGlass,
      @Nullable OidcOptions oidc,
      UnaryOperator<OidcOptions> placed,
      boolean passwordUntilOidc,
      byte[] flowKey,
      Clock clock) {
    this.placed = placed;
    this.principals = principals;
    this.sessions = sessions;
    this.breakGlass = breakGlass;
    this.clock = clock;
    this.options = oidc;
    this.provider = oidc == null ? null : new OidcProvider(oidc, clock);
    this.passwordUntilOidc = passwordUntilOidc;
    this.flowKey = flowKey.clone();
    this.attempts = new FailedAttempts(clock, FAILURES, FAILURE_FORGOTTEN_MILLIS);
  }

  /** Whether there is an identity provider. */
  public boolean hasOidc() {
    return provider != null;
  }

  /** Whether the administrator's password works. */
  public boolean hasPassword() {
    return !(passwordUntilOidc && hasOidc() && breakGlass.oidcWorked());
  }

  /**
   * Signs the administrator in.
   *
   * @throws Refusal when name or password are wrong, or there were too many attempts
   */
  public Sessions.Begun password(String name, SecretText password, String address) {
    attempts.check(address);
    if (!hasPassword()) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "Sign in by the identity provider; 'hadal admin reset-password' brings the password"
              + " back.");
    }
    // Counted before, so that many at once do not all pass; the hash takes its time.
    attempts.failed(address);
    String principal = breakGlass.verify(name, password);
    if (principal == null) {
      throw new Refusal(Refusal.Reason.UNAUTHENTICATED, "The name or the password is wrong.");
    }
    attempts.succeeded(address);
    return sessions.begin(principal);
  }

  /**
   * Begins a sign-in by the identity provider.
   *
   * @param returnTo path of this server to go to afterwards
   * @throws Refusal when there is none, or it cannot be reached
   */
  public Started startOidc(String returnTo) {
    OidcFlow flow = OidcFlow.begin(local(returnTo), clock.millis() + FLOW.toMillis());
    return new Started(provider().authorization(flow), flow.seal(flowKey));
  }

  /** A path of this server, and no address of another one. */
  private static String local(String path) {
    boolean safe =
        path.length() <= 1000
            && path.startsWith("/")
            && !path.startsWith("//")
            && path.chars().allMatch(c -> c > ' ' && c < 127 && c != '\\');
    return safe ? path : "/";
  }

  private OidcProvider provider() {
    OidcProvider known = provider;
    if (known == null) {
      throw new Refusal(Refusal.Reason.NOT_PERMITTED, "No identity provider is configured.");
    }
    return known;
  }

  /**
   * Ends a sign-in by the identity provider.
   *
   * @param sealed what {@link #startOidc} gave to the browser
   * @throws Refusal when it did not begin in this browser, or the provider vouches for nobody
   */
  public Finished finishOidc(String code, String state, String sealed, String address) {
    attempts.check(address);
    OidcFlow flow = OidcFlow.unseal(sealed, flowKey);
    if (flow == null
        || clock.millis() >= flow.expiresAt()
        || !MessageDigest.isEqual(
            flow.state().reveal().getBytes(StandardCharsets.UTF_8),
            state.getBytes(StandardCharsets.UTF_8))) {
      attempts.failed(address);
      throw new Refusal(
          Refusal.Reason.UNAUTHENTICATED, "The sign-in did not begin in this browser, or is old.");
    }
    OidcProvider.User user;
    try {
      user = provider().redeem(code, flow);
    } catch (Refusal e) {
      attempts.failed(address);
      throw e;
    }
    Principals.Principal principal = admit(user);
    return new Finished(sessions.begin(principal.id()), flow.returnTo());
  }

  private Principals.Principal admit(OidcProvider.User user) {
    OidcOptions given = options;
    OidcOptions known = given == null ? null : placed.apply(given);
    List<Actor.Grant> grants =
        known == null
            ? List.of()
            : known.groups().stream()
                .filter(g -> user.groups().contains(g.group()))
                .map(OidcOptions.GroupGrant::grant)
                .distinct()
                .toList();
    Principals.Principal principal =
        principals.signedIn(
            user.subject(), known == null ? "" : known.org(), user.name(), user.email(), grants);
    if (principal == null) {
      throw new Refusal(Refusal.Reason.NOT_PERMITTED, "This principal is archived.");
    }
    if (principals.grants(principal.id()).isEmpty()) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "You are known, and have no role here. An administrator can grant one.");
    }
    if (principals.grants(principal.id()).stream().anyMatch(SignIn::administers)) {
      breakGlass.noteOidc();
    }
    return principal;
  }

  /** The password is given up when somebody else can do what it is for: all of the system. */
  private static boolean administers(Principals.Held held) {
    return switch (held.grant().role()) {
      case OWNER, ADMIN -> held.grant().scopeType().equals("all");
      default -> false;
    };
  }

  @Override
  public void close() {
    if (provider != null) {
      provider.close();
    }
  }
}
