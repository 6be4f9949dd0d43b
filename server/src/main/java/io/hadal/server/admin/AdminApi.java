package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.signin.Sessions;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.http.BodyMemory;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpProblem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Administration over HTTP below {@link #PREFIX}: who calls, whether that may be, what is changed,
 * and what the audit log learns of it (platform.md 2.13). What no endpoint names is 404, what no
 * role allows is 403.
 */
public final class AdminApi {
  /** Path of the API. */
  public static final String PREFIX = "/admin/v1";

  /** Methods it answers. */
  public static final List<String> METHODS = List.of("GET", "POST", "PUT", "PATCH", "DELETE");

  private static final System.Logger LOG = System.getLogger("hadal.admin");
  private static final String JSON = "application/json";
  private static final String SESSION = "session";
  private static final String DOCUMENT = "/openapi.json";

  private final Database database;
  private final AdminCaller caller;
  private final CallPlaces places;
  private final AdminAudit audit;
  private final List<Mounted> mounted;
  private final byte[] document;

  /** Learns who administers. */
  @FunctionalInterface
  public interface Seen {
    /**
     * Somebody was let in.
     *
     * @param principal id, or the name of a key without an owner
     * @param key id of the key; null for a session
     */
    void by(String principal, @Nullable String key);
  }

  /**
   * An endpoint in its place; exactly one of guarded and open is there.
   *
   * @param group whose it is; null for an open one
   */
  record Mounted(
      PathPattern pattern,
      @Nullable EndpointGroup group,
      @Nullable Endpoint guarded,
      @Nullable OpenEndpoint open) {
    String method() {
      return guarded != null ? guarded.method() : open != null ? open.method() : "";
    }

    /** Fields of its body; null when any may be there. */
    @Nullable BodyFields fields() {
      return BodyFields.of(method(), pattern.toString());
    }

    boolean changes() {
      return !method().equals("GET");
    }
  }

  /**
   * An API over groups of endpoints.
   *
   * @param database what changes and their events are written to
   * @param tenants where things are
   * @param principals who may what
   * @param signIn endpoints of signing in
   * @param audit learns of what is changed
   * @throws IllegalStateException when two endpoints have the same method and path
   */
  public AdminApi(
      Database database,
      Tenants tenants,
      Principals principals,
      KeyStore keys,
      Sessions sessions,
      SessionEndpoints signIn,
      List<? extends EndpointGroup> groups,
      AdminAudit audit) {
    this.database = database;
    this.caller = new AdminCaller(principals, keys, sessions);
    this.places = new CallPlaces(tenants);
    this.audit = audit;
    this.mounted = mount(signIn, groups);
    this.document = AdminJson.answer(OpenApi.document(mounted));
  }

  private List<Mounted> mount(SessionEndpoints signIn, List<? extends EndpointGroup> groups) {
    List<Mounted> all = new ArrayList<>();
    for (OpenEndpoint open : signIn.endpoints()) {
      all.add(new Mounted(new PathPattern(open.path()), null, null, open));
    }
    all.add(
        new Mounted(
            new PathPattern(DOCUMENT),
            null,
            null,
            new OpenEndpoint("GET", DOCUMENT, true, 200, "This description", this::document)));
    for (EndpointGroup group : groups) {
      for (Endpoint endpoint : group.endpoints()) {
        all.add(new Mounted(new PathPattern(endpoint.path()), group, endpoint, null));
      }
    }
    Set<String> seen = new HashSet<>();
    for (Mounted one : all) {
      String shape = one.pattern.toString().replaceAll("\\{[^}]*}", "{}");
      if (!METHODS.contains(one.method()) || !seen.add(one.method() + " " + shape)) {
        throw new IllegalStateException("cannot mount " + one.method() + " " + one.pattern);
      }
    }
    all.sort(Comparator.comparing(Mounted::pattern).thenComparing(Mounted::method));
    return List.copyOf(all);
  }

  private @Nullable JsonNode document(AdminCall call) {
    call.exchange().send(200, JSON, document);
    return null;
  }

  /**
   * Answers a request below {@link #PREFIX}.
   *
   * @param seen learns who administers, as soon as that is known
   * @return how it ended: ok, or the code of an error
   * @throws IOException when the body cannot be read
   */
  public String handle(Exchange exchange, String requestId, Seen seen) throws IOException {
    exchange.setHeader("x-content-type-options", "nosniff");
    exchange.setHeader("x-frame-options", "DENY");
    AdminError error;
    try {
      answer(exchange, requestId, seen);
      return "ok";
    } catch (Problem e) {
      error = AdminError.of(e);
    } catch (Refusal e) {
      error = AdminError.of(e);
    } catch (FormatException e) {
      error = AdminError.of(e);
    } catch (BodyMemory.FullException e) {
      error = AdminError.of(Problem.overloaded(1));
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "request " + requestId + " of administration failed", e);
      error = AdminError.of(Problem.internal());
    }
    refuse(exchange, error);
    return error.code();
  }

  /**
   * Makes sure that whoever asks, by a key or a session, may do something everywhere.
   *
   * @throws Refusal when not, or nobody asks
   */
  public void requireEverywhere(Exchange exchange, Permission permission) {
    AdminCaller.Caller who = caller.find(exchange, false);
    if (who == null) {
      throw new Refusal(
          Refusal.Reason.UNAUTHENTICATED,
          "Send a token or a key with the scope admin:* as 'Authorization: Bearer KEY'.");
    }
    Permissions.require(who.actor(), permission, Place.ALL);
  }

  private static void refuse(Exchange exchange, AdminError error) {
    if (exchange.answered()) {
      return;
    }
    exchange.setHeader("x-should-retry", Boolean.toString(error.retry()));
    if (error.retryAfterSeconds() > 0) {
      exchange.setHeader("retry-after", Long.toString(error.retryAfterSeconds()));
    }
    exchange.send(error.status(), JSON, AdminJson.answer(error.json()));
  }

  private void answer(Exchange exchange, String requestId, Seen seen) throws IOException {
    List<String> path = AdminRequest.path(exchange, PREFIX);
    Mounted found = null;
    Map<String, String> values = Map.of();
    Set<String> allowed = new TreeSet<>();
    for (Mounted one : mounted) {
      Map<String, String> match = one.pattern.match(path);
      if (match != null) {
        allowed.add(one.method());
        if (found == null && one.method().equals(exchange.method())) {
          found = one;
          values = match;
        }
      }
    }
    if (found == null) {
      if (allowed.isEmpty()) {
        throw HttpProblem.unknownUrl(exchange.method(), exchange.path());
      }
      exchange.setHeader("allow", String.join(", ", allowed));
      throw HttpProblem.wrongMethod(exchange.method());
    }
    OpenEndpoint open = found.open;
    AdminCaller.Caller who = null;
    if (open == null || open.signedIn()) {
      who = caller.find(exchange, found.changes());
      if (who == null) {
        throw new Refusal(
            Refusal.Reason.UNAUTHENTICATED,
            "Sign in, or send a key with the scope admin:* as 'Authorization: Bearer KEY'.");
      }
    }
    if (who != null) {
      String principal = who.actor().principal();
      seen.by(principal == null ? who.actor().name() : principal, who.key());
    }
    Actor actor = who == null ? Actor.nobody(exchange.peer()) : who.actor();
    AdminCall call =
        new AdminCall(
            actor,
            values,
            AdminRequest.query(exchange),
            AdminRequest.body(exchange),
            exchange,
            requestId);
    JsonNode answer = open != null ? openly(open, call) : guarded(found, call);
    if (!exchange.answered()) {
      if (open != null && open.status() != 200) {
        exchange.send(open.status(), JSON, new byte[0]);
      } else if (answer == null) {
        exchange.send(204, JSON, new byte[0]);
      } else {
        exchange.send(200, JSON, AdminJson.answer(answer));
      }
    }
  }

  /** Signing in and out is told to the audit log, and so is what was refused. */
  private @Nullable JsonNode openly(OpenEndpoint open, AdminCall call) throws IOException {
    String action = SessionEndpoints.action(open);
    if (action == null) {
      return open.handler().handle(call);
    }
    try {
      return open.method().equals("DELETE")
          ? together(() -> opened(open, call, action))
          : opened(open, call, action);
    } catch (Refusal e) {
      audit.record(
          new AdminAudit.Event(
              call.actor().org(),
              call.actor(),
              action,
              SESSION,
              AdminError.of(e).code(),
              null,
              null,
              call.requestId()));
      throw e;
    }
  }

  /** Begins or ends a session and tells the audit log. */
  private @Nullable JsonNode opened(OpenEndpoint open, AdminCall call, String action)
      throws IOException {
    JsonNode answer = open.handler().handle(call);
    Actor actor = call.actor();
    if (answer != null && answer.has("principal")) {
      actor =
          new Actor(
              answer.get("principal").asString(""),
              answer.path("name").asString(""),
              answer.path("org").isString() ? answer.path("org").asString("") : null,
              List.of(),
              actor.address());
    }
    try {
      audit.record(
          new AdminAudit.Event(
              actor.org(), actor, action, SESSION, "ok", null, null, call.requestId()));
    } catch (RuntimeException e) {
      // Whoever was not written down is not let in: nobody learns the token of that session.
      SessionEndpoints.forget(call.exchange());
      throw e;
    }
    return answer;
  }

  private @Nullable JsonNode guarded(Mounted found, AdminCall call) throws IOException {
    Endpoint endpoint = found.guarded;
    EndpointGroup group = found.group;
    if (endpoint == null || group == null) {
      throw new IllegalStateException();
    }
    String action = action(endpoint, found.pattern);
    List<Place> named = List.of();
    try {
      named = places.of(group, endpoint, found.pattern, call);
      for (Place place : named) {
        Permissions.require(call.actor(), endpoint.permission(), place);
      }
      places.requireOrg(found.pattern, call);
      BodyFields fields = found.fields();
      if (fields != null) {
        fields.check(call.body());
      }
      if (endpoint.permission().resource() == Permission.Resource.EXPORT && !found.changes()) {
        // Before it begins: whoever leaves in the middle has seen what came until then.
        ObjectNode asked = AdminJson.object();
        call.query().forEach(asked::put);
        audit.record(
            new AdminAudit.Event(
                org(named, call.actor(), null),
                call.actor(),
                "usage.export",
                "usage",
                "ok",
                null,
                asked,
                call.requestId()));
      }
      if (!found.changes() || endpoint.telling() == Endpoint.Telling.ITSELF) {
        return endpoint.handler().handle(call);
      }
      List<Place> places = named;
      return endpoint.telling() == Endpoint.Telling.APART
          ? told(found, endpoint, call, places, action)
          : together(() -> told(found, endpoint, call, places, action));
    } catch (Refusal e) {
      if (found.changes()) {
        audit.record(
            new AdminAudit.Event(
                call.actor().org() != null ? call.actor().org() : org(named, call.actor(), null),
                call.actor(),
                action,
                object(found, call, null),
                AdminError.of(e).code(),
                null,
                null,
                call.requestId()));
      }
      throw e;
    }
  }

  /** Runs a handler and tells the audit log of what it changed. */
  private @Nullable JsonNode told(
      Mounted found, Endpoint endpoint, AdminCall call, List<Place> named, String action)
      throws IOException {
    JsonNode before = AdminJson.redacted(present(found, call));
    JsonNode answer = endpoint.handler().handle(call);
    JsonNode after = answer == null ? present(found, call) : answer;
    audit.record(
        new AdminAudit.Event(
            org(named, call.actor(), answer),
            call.actor(),
            action,
            object(found, call, answer),
            "ok",
            before,
            AdminJson.redacted(after),
            call.requestId()));
    return answer;
  }

  /** What reads and writes in one transaction, and may fail to read. */
  @FunctionalInterface
  private interface Change {
    @Nullable JsonNode make() throws IOException;
  }

  /** A change and its event: both of them or neither. */
  private @Nullable JsonNode together(Change change) throws IOException {
    try {
      return database.<@Nullable JsonNode>together(
          () -> {
            try {
              return change.make();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * The organisation whose chain an event belongs to: that of what was changed, whoever changed it.
   */
  private static @Nullable String org(List<Place> named, Actor actor, @Nullable JsonNode answer) {
    Set<String> orgs = new HashSet<>();
    for (Place place : named) {
      if (place.org() != null && !place.equals(Place.ANYWHERE)) {
        orgs.add(place.org());
      }
    }
    if (orgs.size() == 1) {
      return orgs.iterator().next();
    }
    for (String field : List.of("org", "org_id")) {
      String said = answer == null ? "" : answer.path(field).asString("");
      if (!said.isEmpty()) {
        return said;
      }
    }
    return actor.org();
  }

  /** How the thing that a call names is now, as its own endpoint tells it; null without one. */
  private @Nullable JsonNode present(Mounted found, AdminCall call) {
    if (found.pattern.names().isEmpty()) {
      return null;
    }
    String path = found.pattern.toString();
    String parent = found.pattern.isAction() ? found.pattern.parent() : path;
    for (Mounted one : mounted) {
      Endpoint read = one.guarded;
      if (read != null && read.method().equals("GET") && one.pattern.toString().equals(parent)) {
        try {
          return read.handler().handle(reading(call));
        } catch (IOException | RuntimeException e) {
          // It is not there, or not any more; the call itself says what is wrong.
          return null;
        }
      }
    }
    return null;
  }

  /** The call for a handler that must not answer the client by itself. */
  private static AdminCall reading(AdminCall call) {
    return new AdminCall(
        call.actor(),
        call.path(),
        Map.of(),
        AdminJson.object(),
        new SilentExchange(call.exchange()),
        call.requestId());
  }

  /** A name such as key.create or config.reload, from the permission and what is done. */
  static String action(Endpoint endpoint, PathPattern pattern) {
    String resource = endpoint.permission().resource().name().toLowerCase(Locale.ROOT);
    String word = pattern.lastWord();
    String verb =
        switch (endpoint.method()) {
          case "POST" -> word.equals(resource + "s") ? "create" : done(word, resource);
          case "DELETE" -> "remove";
          default -> "update";
        };
    return resource + "." + verb;
  }

  /** What the last word of a path does: reload, probe of probes, check of limit-checks. */
  private static String done(String word, String resource) {
    String one = word.endsWith("s") ? word.substring(0, word.length() - 1) : word;
    return (one.startsWith(resource + "-") ? one.substring(resource.length() + 1) : one)
        .replace('-', '_');
  }

  private static String object(Mounted found, AdminCall call, @Nullable JsonNode answer) {
    String type = found.pattern.lastWord();
    if (found.pattern.isAction()) {
      String parent = found.pattern.parent();
      type = parent == null ? type : new PathPattern(parent).lastWord();
    }
    String id = String.join("/", call.path().values());
    if (id.isEmpty() && answer != null && answer.path("id").isString()) {
      id = answer.path("id").asString("");
    }
    return id.isEmpty() ? type : type + "/" + id;
  }
}
