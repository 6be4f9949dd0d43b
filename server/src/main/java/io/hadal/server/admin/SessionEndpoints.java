package io.hadal.server.admin;

import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.signin.Sessions;
import io.hadal.platform.signin.SignIn;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Principals;
import io.hadal.server.http.Exchange;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Signing in and out, and who one is. */
public final class SessionEndpoints {
  private static final String SESSION = "/session";
  private static final String CALLBACK = "/session/oidc/callback";
  private static final String FLOW_COOKIE = "hadal_signin";

  private final SignIn signIn;
  private final Sessions sessions;
  private final Principals principals;
  private final boolean secure;

  /**
   * Endpoints.
   *
   * @param secure true when browsers come by TLS, so that cookies go over nothing else
   */
  public SessionEndpoints(SignIn signIn, Sessions sessions, Principals principals, boolean secure) {
    this.signIn = signIn;
    this.sessions = sessions;
    this.principals = principals;
    this.secure = secure;
  }

  List<OpenEndpoint> endpoints() {
    return List.of(
        new OpenEndpoint("GET", SESSION, true, 200, "Who one is", this::me),
        new OpenEndpoint("POST", SESSION, false, 200, "Sign in with a password", this::password),
        new OpenEndpoint("DELETE", SESSION, true, 200, "Sign out", this::out),
        new OpenEndpoint("GET", "/session/methods", false, 200, "Ways to sign in", this::methods),
        new OpenEndpoint(
            "GET", "/session/oidc", false, 303, "Sign in by the identity provider", this::start),
        new OpenEndpoint(
            "GET", CALLBACK, false, 303, "Where the identity provider sends back", this::finish));
  }

  /** Name of what the audit log is told of; null for what it is not. */
  static @Nullable String action(OpenEndpoint open) {
    if (open.path().equals(CALLBACK)) {
      return "session.sign_in";
    }
    if (!open.path().equals(SESSION) || open.method().equals("GET")) {
      return null;
    }
    return open.method().equals("POST") ? "session.sign_in" : "session.sign_out";
  }

  /** Takes back the cookie of a session that began for nothing. */
  static void forget(Exchange exchange) {
    exchange.setHeader("set-cookie", AdminCaller.COOKIE + "=; Path=/; Max-Age=0; HttpOnly");
  }

  private JsonNode methods(AdminCall call) {
    return AdminJson.object().put("password", signIn.hasPassword()).put("oidc", signIn.hasOidc());
  }

  private JsonNode me(AdminCall call) {
    String token = AdminCaller.cookie(call.exchange(), AdminCaller.COOKIE);
    Sessions.Session session = token == null ? null : sessions.find(new SecretText(token));
    boolean own = session != null && session.principal().equals(call.actor().principal());
    return me(call.actor(), own ? session : null);
  }

  private static ObjectNode me(Actor actor, Sessions.@Nullable Session session) {
    ObjectNode json = AdminJson.object();
    json.put("principal", actor.principal()).put("name", actor.name()).put("org", actor.org());
    ArrayNode grants = json.putArray("grants");
    for (Actor.Grant grant : actor.grants()) {
      grants
          .addObject()
          .put("role", grant.role().name().toLowerCase(Locale.ROOT))
          .put("scope_type", grant.scopeType())
          .put("scope_id", grant.scopeId());
    }
    ArrayNode permissions = json.putArray("permissions");
    for (Permission.Resource resource : Permission.Resource.values()) {
      for (Permission.Verb verb : Permission.Verb.values()) {
        Permission permission = new Permission(resource, verb);
        if (Permissions.reach(actor, permission, Place.ANYWHERE) != Permissions.Reach.NONE) {
          permissions.add((resource.name() + ":" + verb.name()).toLowerCase(Locale.ROOT));
        }
      }
    }
    if (session != null) {
      json.putPOJO("csrf_token", session.csrf());
      json.put("expires_at", AdminJson.time(session.expiresAt()));
    }
    return json;
  }

  private JsonNode password(AdminCall call) {
    String name = call.text("name");
    String password = call.required("password");
    return begun(
        call,
        signIn.password(
            name == null ? BreakGlass.NAME : name,
            new SecretText(password),
            call.actor().address()));
  }

  private JsonNode begun(AdminCall call, Sessions.Begun begun) {
    setCookie(
        call.exchange(), AdminCaller.COOKIE, "/", begun.token(), Sessions.ABSOLUTE.toSeconds());
    Actor actor = principals.actor(begun.session().principal(), call.actor().address());
    if (actor == null) {
      throw new Refusal(Refusal.Reason.NOT_PERMITTED, "This principal is archived.");
    }
    return me(actor, begun.session());
  }

  private @Nullable JsonNode out(AdminCall call) {
    String token = AdminCaller.cookie(call.exchange(), AdminCaller.COOKIE);
    if (token != null) {
      sessions.end(new SecretText(token));
    }
    setCookie(call.exchange(), AdminCaller.COOKIE, "/", new SecretText(""), 0);
    return null;
  }

  private @Nullable JsonNode start(AdminCall call) {
    String returnTo = call.query("return_to");
    SignIn.Started started = signIn.startOidc(returnTo == null ? "/" : returnTo);
    setCookie(
        call.exchange(),
        FLOW_COOKIE,
        AdminApi.PREFIX + CALLBACK,
        started.sealed(),
        SignIn.FLOW.toSeconds());
    call.exchange().setHeader("location", started.location().toString());
    return null;
  }

  private JsonNode finish(AdminCall call) {
    String sealed = AdminCaller.cookie(call.exchange(), FLOW_COOKIE);
    String code = call.query("code");
    String state = call.query("state");
    if (call.query("error") != null) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED, "The identity provider did not let you through.");
    }
    if (sealed == null || code == null || state == null) {
      throw new Refusal(
          Refusal.Reason.UNAUTHENTICATED, "The sign-in did not begin in this browser, or is old.");
    }
    SignIn.Finished finished = signIn.finishOidc(code, state, sealed, call.actor().address());
    JsonNode me = begun(call, finished.session());
    call.exchange().setHeader("location", finished.returnTo());
    return me;
  }

  private void setCookie(
      Exchange exchange, String name, String path, SecretText value, long seconds) {
    exchange.setHeader(
        "set-cookie",
        name
            + "="
            + value.reveal()
            + "; Path="
            + path
            + "; Max-Age="
            + seconds
            + "; HttpOnly; SameSite=Lax"
            + (secure ? "; Secure" : ""));
  }
}
