package io.hadal.server.admin;

import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.keys.ApiKey;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.signin.Sessions;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.tenancy.Scope;
import io.hadal.server.http.Exchange;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds out who calls: by a key, else by the cookie of a session. */
final class AdminCaller {
  static final String COOKIE = "hadal_session";
  static final String CSRF = "x-csrf-token";

  private final Principals principals;
  private final KeyStore keys;
  private final Sessions sessions;

  /**
   * Who calls.
   *
   * @param session null for a key
   * @param key id of the key; null for a session
   */
  record Caller(Actor actor, Sessions.@Nullable Session session, @Nullable String key) {}

  AdminCaller(Principals principals, KeyStore keys, Sessions sessions) {
    this.principals = principals;
    this.keys = keys;
    this.sessions = sessions;
  }

  /**
   * Who calls.
   *
   * @param changes whether the call changes something, which a session must confirm
   * @return null for nobody
   * @throws Refusal when a key is wrong, or the confirmation
   */
  @Nullable Caller find(Exchange exchange, boolean changes) {
    String key = key(exchange);
    // A key that is there decides: a wrong one does not fall back to what the browser adds.
    if (key != null) {
      Identity identity = keys.authenticate(key, exchange.peer());
      return new Caller(ofKey(identity, exchange.peer()), null, identity.key());
    }
    String token = cookie(exchange, COOKIE);
    Sessions.Session session = token == null ? null : sessions.find(new SecretText(token));
    Actor actor = session == null ? null : principals.actor(session.principal(), exchange.peer());
    if (session == null || actor == null) {
      return null;
    }
    if (changes && !same(exchange.header(CSRF), session.csrf())) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "Calls of a session that change something need its csrf_token in " + CSRF + ".");
    }
    return new Caller(actor, session, null);
  }

  private Actor ofKey(Identity identity, String address) {
    if (!identity.scopes().contains(Scope.ADMIN)) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "This key lacks the scope " + Scope.ADMIN.text() + ", which administration needs.");
    }
    String principal = identity.principal();
    Actor owner = principal == null ? null : principals.actor(principal, address);
    if (owner != null) {
      return owner;
    }
    if (principal != null) {
      throw new Refusal(Refusal.Reason.UNAUTHENTICATED, "The key's owner is archived.");
    }
    ApiKey key = keys.get(identity.key());
    return new Actor(
        null,
        "key " + (key == null ? identity.key() : key.name()),
        identity.org(),
        List.of(new Actor.Grant(Role.ADMIN, "project", identity.project())),
        address);
  }

  private static boolean same(@Nullable String given, SecretText csrf) {
    return given != null
        && MessageDigest.isEqual(
            given.strip().getBytes(StandardCharsets.UTF_8),
            csrf.reveal().getBytes(StandardCharsets.UTF_8));
  }

  private static @Nullable String key(Exchange exchange) {
    String authorization = exchange.header("authorization");
    if (authorization != null) {
      String text = authorization.strip();
      return text.regionMatches(true, 0, "bearer ", 0, 7) ? text.substring(7).strip() : text;
    }
    String key = exchange.header("x-api-key");
    return key == null ? null : key.strip();
  }

  /** Value of a cookie; null when it is not there. */
  static @Nullable String cookie(Exchange exchange, String name) {
    String header = exchange.header("cookie");
    if (header == null) {
      return null;
    }
    // HTTP/2 may send a header for each cookie, which arrive joined by commas.
    for (String part : header.split("[;,]")) {
      String pair = part.strip();
      if (pair.startsWith(name + "=")) {
        return pair.substring(name.length() + 1);
      }
    }
    return null;
  }
}
