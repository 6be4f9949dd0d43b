package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.Refusal;
import io.hadal.platform.keys.ApiKey;
import io.hadal.platform.keys.KeyFilter;
import io.hadal.platform.keys.KeyStore;
import io.hadal.platform.keys.KeyTerms;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Permissions.Reach;
import io.hadal.platform.tenancy.Permissions.Visible;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Principals;
import io.hadal.platform.tenancy.Role;
import io.hadal.platform.tenancy.Scope;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.http.HttpProblem;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Keys. Developers see and change their own, those who administer a project all of it. */
public final class KeyEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Resource.KEY);
  private static final Permission WRITE = Permission.write(Resource.KEY);

  private final KeyStore keys;
  private final Tenants tenants;
  private final Principals principals;
  private final Clock clock;
  private final Runnable limited;

  /**
   * Endpoints of keys.
   *
   * @param limited is run when limits or budgets of keys may have changed
   */
  public KeyEndpoints(
      KeyStore keys, Tenants tenants, Principals principals, Clock clock, Runnable limited) {
    this.keys = keys;
    this.tenants = tenants;
    this.principals = principals;
    this.clock = clock;
    this.limited = limited;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint("GET", "/keys", READ, "List keys", this::list),
        new Endpoint("POST", "/keys", WRITE, "Create a key; shows its text once", this::create),
        new Endpoint("GET", "/keys/{key}", READ, "Show a key", this::get),
        new Endpoint("PATCH", "/keys/{key}", WRITE, "Change what a key may do", this::change),
        new Endpoint(
            "POST",
            "/keys/{key}/rotate",
            WRITE,
            "Give a key a new secret; the old one works for grace_seconds",
            this::rotate),
        new Endpoint("DELETE", "/keys/{key}", WRITE, "Revoke a key, for good", this::revoke));
  }

  @Override
  public @Nullable Place place(Endpoint endpoint, AdminCall call) {
    return endpoint.method().equals("GET") && endpoint.path().equals("/keys")
        ? Place.ANYWHERE
        : null;
  }

  private JsonNode list(AdminCall call) {
    KeyFilter filter =
        new KeyFilter(
            everyonesKeys(call.actor()),
            call.actor().principal(),
            call.query("org"),
            call.query("project"));
    return AdminJson.page(
        keys.list(filter, call.query("after"), AdminLists.limit(call)), this::json);
  }

  /** Places where an actor sees more than its own keys. */
  private static Visible everyonesKeys(Actor actor) {
    List<Actor.Grant> grants =
        actor.grants().stream()
            .filter(grant -> Permissions.reach(grant.role(), READ) == Reach.ALL)
            .toList();
    return Permissions.visible(
        new Actor(actor.principal(), actor.name(), actor.org(), grants, actor.address()), READ);
  }

  private JsonNode get(AdminCall call) {
    return json(known(call, READ));
  }

  /** The key of the path, when the actor may. Others' keys do not exist for a developer. */
  private ApiKey known(AdminCall call, Permission permission) {
    ApiKey key = keys.get(call.path("key"));
    if (key == null) {
      throw HttpProblem.notFound("The key");
    }
    Reach reach = Permissions.reach(call.actor(), permission, key.place());
    boolean own =
        key.principal() != null && Objects.equals(key.principal(), call.actor().principal());
    if (reach == Reach.NONE || (reach == Reach.OWN && !own)) {
      throw HttpProblem.notFound("The key");
    }
    return key;
  }

  private JsonNode create(AdminCall call) {
    Tenants.Project project = tenants.project(call.required("project"));
    if (project == null) {
      throw HttpProblem.notFound("The project");
    }
    String principal = call.text("principal");
    if (Permissions.reach(call.actor(), WRITE, project.place()) == Reach.OWN) {
      if (principal != null && !principal.equals(call.actor().principal())) {
        throw new Refusal(
            Refusal.Reason.NOT_PERMITTED, "You may create keys of your own here, no others.");
      }
      principal = call.actor().principal();
    }
    KeyTerms terms = terms(call, KeyTerms.inference(call.required("name")));
    requireAtMostOwn(call.actor(), terms.scopes(), project.place(), principal);
    JsonNode test = call.body().get("test");
    if (test != null && !test.isBoolean()) {
      throw Problem.invalid("test", "must be true or false");
    }
    KeyStore.Created created =
        keys.create(project.id(), principal, test != null && test.booleanValue(), terms);
    limited.run();
    return json(created);
  }

  /** A key for administration has the roles of its owner; nobody gets more by making one. */
  private void requireAtMostOwn(
      Actor actor, Set<Scope> scopes, Place place, @Nullable String principal) {
    if (!scopes.contains(Scope.ADMIN)
        || (principal != null && principal.equals(actor.principal()))) {
      return;
    }
    boolean fits = true;
    if (principal == null) {
      fits = Permissions.includes(actor, Role.ADMIN, place);
    } else {
      for (Principals.Held held : principals.grants(principal)) {
        Place where =
            held.grant().scopeType().equals("all")
                ? Place.ALL
                : tenants.place(held.grant().scopeType(), held.grant().scopeId());
        fits &= where != null && Permissions.includes(actor, held.grant().role(), where);
      }
    }
    if (!fits) {
      throw new Refusal(
          Refusal.Reason.NOT_PERMITTED,
          "A key with the scope admin:* may do what its owner may, and that is more than you.");
    }
  }

  private static KeyTerms terms(AdminCall call, KeyTerms now) {
    String name = call.text("name");
    List<String> scopes = AdminLists.texts(call, "scopes");
    List<String> models = AdminLists.texts(call, "models");
    List<String> addresses = AdminLists.texts(call, "addresses");
    JsonNode limits = call.body().get("limits");
    if (limits != null && !limits.isObject()) {
      throw Problem.invalid("limits", "must be an object");
    }
    return new KeyTerms(
        name == null ? now.name() : name,
        scopes == null ? now.scopes() : KeyTerms.scopes(scopes),
        models == null ? now.models() : models,
        addresses == null ? now.addresses() : addresses,
        limits == null ? now.limits() : limits.toString(),
        expires(call, now.expiresAt()));
  }

  private static @Nullable Long expires(AdminCall call, @Nullable Long now) {
    if (!call.body().has("expires_at")) {
      return now;
    }
    String text = call.text("expires_at");
    if (text == null) {
      return null;
    }
    try {
      return Instant.parse(text).toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw Problem.invalid("expires_at", "must be a time such as 2027-01-31T00:00:00Z");
    }
  }

  private JsonNode change(AdminCall call) {
    ApiKey key = known(call, WRITE);
    if (key.revokedAt() != null) {
      throw Problem.invalid("key", "is revoked");
    }
    KeyTerms terms = terms(call, KeyTerms.of(key));
    requireAtMostOwn(call.actor(), terms.scopes(), key.place(), key.principal());
    ApiKey changed = keys.change(key.id(), terms);
    limited.run();
    return json(changed);
  }

  private JsonNode rotate(AdminCall call) {
    ApiKey key = known(call, WRITE);
    // The new secret is shown to the caller, who can then do what the key can.
    requireAtMostOwn(call.actor(), key.scopes(), key.place(), key.principal());
    long most = Duration.ofDays(30).toSeconds();
    long grace = call.number("grace_seconds", 0, most, KeyStore.GRACE.toSeconds());
    return json(keys.rotate(key.id(), Duration.ofSeconds(grace)));
  }

  private JsonNode revoke(AdminCall call) {
    return json(keys.revoke(known(call, WRITE).id()));
  }

  private ObjectNode json(KeyStore.Created created) {
    ObjectNode json = json(created.key());
    json.putPOJO("text", created.text());
    return json;
  }

  private ObjectNode json(ApiKey key) {
    ObjectNode json = AdminJson.object();
    json.put("id", key.id())
        .put("project", key.project())
        .put("org", key.org())
        .put("team", key.team())
        .put("principal", key.principal())
        .put("name", key.name())
        .put("prefix", "sk-" + (key.test() ? "t" : "l") + "-" + key.kid())
        .put("last4", key.last4())
        .put("state", key.state(clock.millis()))
        .put("created_at", AdminJson.time(key.createdAt()))
        .put("expires_at", AdminJson.time(key.expiresAt()))
        .put("revoked_at", AdminJson.time(key.revokedAt()))
        .put("previous_until", AdminJson.time(key.previousUntil()))
        .put("last_used_at", AdminJson.time(key.lastUsedAt()));
    List<String> scopes = new ArrayList<>(key.scopes().stream().map(Scope::text).sorted().toList());
    texts(json, "scopes", scopes);
    texts(json, "models", key.models());
    texts(json, "addresses", key.addresses());
    json.set("limits", KeyTerms.limits(key.limits()));
    return json;
  }

  private static void texts(ObjectNode json, String name, List<String> values) {
    ArrayNode array = json.putArray(name);
    values.forEach(array::add);
  }
}
