package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.platform.Ids;
import io.hadal.platform.limits.Dimension;
import io.hadal.platform.limits.Limit;
import io.hadal.platform.limits.LimitCheck;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.limits.SubjectLookup;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Place;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.wire.EndUser;
import java.math.BigDecimal;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Rate limits: what is set, how they stand, and which would refuse a request. */
public final class LimitEndpoints implements EndpointGroup {
  /** Show what their reader may see. */
  private static final Set<String> LISTS = Set.of("/limits");

  private static final int MOST_PATTERN = 200;

  private final RateLimits limits;
  private final SubjectLookup subjects;
  private final ScopedSettings settings;
  private final Clock clock;

  public LimitEndpoints(RateLimits limits, SubjectLookup subjects, Clock clock) {
    this.limits = limits;
    this.subjects = subjects;
    this.settings = new ScopedSettings(subjects);
    this.clock = clock;
  }

  @Override
  public List<Endpoint> endpoints() {
    Permission read = Permission.read(Permission.Resource.LIMIT);
    Permission write = Permission.write(Permission.Resource.LIMIT);
    return List.of(
        new Endpoint("GET", "/limits", read, "Lists rate limits", this::list),
        new Endpoint("POST", "/limits", write, "Sets a rate limit", this::create),
        new Endpoint("GET", "/limits/{id}", read, "A rate limit", call -> json(find(call))),
        new Endpoint("PATCH", "/limits/{id}", write, "Changes a limit's numbers", this::update),
        new Endpoint("DELETE", "/limits/{id}", write, "Lifts a rate limit", this::delete),
        new Endpoint(
            "GET",
            "/limits/{id}/state",
            read,
            "How a limit stands for whoever used it lately",
            this::state),
        new Endpoint(
                "POST",
                "/limit-checks",
                read,
                "How all limits of a request stand, and which would refuse it",
                this::check)
            .apart());
  }

  @Override
  public @Nullable Place place(Endpoint endpoint, AdminCall call) {
    if (endpoint.method().equals("GET") && LISTS.contains(endpoint.path())) {
      return Place.ANYWHERE;
    }
    if (endpoint.method().equals("POST") && !endpoint.path().contains("{id}")) {
      // Whom it is about is in the body, which is a place of its own: a project, for instance.
      return Place.ANYWHERE;
    }
    if (!endpoint.path().contains("{id}")) {
      return null;
    }
    Limit limit = limits.find(call.path("id"));
    return limit == null ? null : settings.place(target(limit));
  }

  private static ScopedSettings.Target target(Limit limit) {
    return new ScopedSettings.Target(limit.org(), limit.scope(), limit.scopeId());
  }

  private JsonNode list(AdminCall call) {
    String scope = call.query("scope_type");
    String scopeId = call.query("scope_id");
    return ScopedSettings.page(
        call,
        limits.list(),
        limit ->
            settings.visible(call.actor(), Permission.Resource.LIMIT, target(limit))
                && (scope == null || scope.equals(limit.scope().text()))
                && (scopeId == null || scopeId.equals(limit.scopeId())),
        Limit::id,
        LimitEndpoints::json);
  }

  private JsonNode create(AdminCall call) {
    ScopedSettings.Target target = settings.target(call);
    Dimension dimension = Dimension.of(call.required("dimension"));
    if (dimension == null) {
      throw Problem.invalid(
          "dimension", "must be rpm, rpd, tpm_in_uncached, tpm_out, tpm_total, tpd or concurrency");
    }
    String model = call.text("model");
    if (model != null
        && (!model.matches("[A-Za-z0-9._:/@*+-]+") || model.length() > MOST_PATTERN)) {
      // No model has another name: the limit would never hold.
      throw Problem.invalid(
          "model",
          "must be 1 to "
              + MOST_PATTERN
              + " letters, digits and . _ : / @ + -, with * for anything");
    }
    if (!call.body().has("amount")) {
      throw Problem.missing("amount");
    }
    Limit limit =
        numbers(
            call,
            new Limit(
                Ids.next("lim_"),
                target.org(),
                target.scope(),
                target.id(),
                model,
                dimension,
                1,
                0,
                0,
                clock.millis(),
                call.actor().name()));
    limits.create(limit);
    return json(limit);
  }

  private static Limit numbers(AdminCall call, Limit old) {
    long most = Limit.most(old.dimension());
    if (!old.dimension().bursts() && call.number("burst", 0, most, 0) != 0) {
      throw Problem.invalid("burst", "is for rpm and tpm_*: others have no minute to spread over");
    }
    return old.with(
        call.number("amount", 1, most, old.amount()),
        call.number("burst", 0, most, old.burst()),
        cachePermille(call, old.cachePermille()));
  }

  private static int cachePermille(AdminCall call, int fallback) {
    JsonNode value = call.body().get("cache_weight");
    if (value == null || value.isNull()) {
      return fallback;
    }
    if (value.isNumber() && value.doubleValue() >= 0 && value.doubleValue() <= 1) {
      return (int) Math.round(value.doubleValue() * 1000);
    }
    throw Problem.invalid("cache_weight", "must be a number from 0 to 1");
  }

  private Limit find(AdminCall call) {
    Limit limit = limits.find(call.path("id"));
    if (limit == null || !ScopedSettings.ofOrg(call.actor(), limit.org())) {
      throw HttpProblem.notFound("The limit '" + call.path("id") + "'");
    }
    return limit;
  }

  private JsonNode update(AdminCall call) {
    Limit limit = numbers(call, find(call));
    limits.update(limit);
    return json(limit);
  }

  private @Nullable JsonNode delete(AdminCall call) {
    limits.delete(find(call).id());
    return null;
  }

  private JsonNode state(AdminCall call) {
    Limit limit = find(call);
    return ScopedSettings.list(
        limits.state(limit.id(), ScopedSettings.most(call)).stream()
            .map(LimitEndpoints::json)
            .toList());
  }

  private JsonNode check(AdminCall call) {
    String key = call.text("key_id");
    String project = call.text("project_id");
    Identity identity =
        key != null ? subjects.key(key) : project != null ? subjects.project(project) : null;
    String field = key == null && project != null ? "project_id" : "key_id";
    if (key == null && project == null) {
      throw Problem.missing("key_id");
    }
    if (key != null && project != null) {
      // The permission is looked for in one place only.
      throw Problem.invalid("key_id", "or project_id is required, not both");
    }
    if (identity == null || !ScopedSettings.ofOrg(call.actor(), identity.org())) {
      throw Problem.invalid(field, "names nothing");
    }
    List<LimitCheck> checks =
        limits.whatIf(
            identity,
            endUser(identity, call.text("end_user")),
            call.required("model"),
            call.number("tokens", 0, Limit.MOST_TOKENS, 1));
    ObjectNode node =
        (ObjectNode) ScopedSettings.list(checks.stream().map(LimitEndpoints::json).toList());
    node.put("blocked", checks.stream().anyMatch(LimitCheck::blocks));
    return node;
  }

  /** The hash of an end user, who may be named as clients do, or by the hash itself. */
  private static @Nullable String endUser(Identity identity, @Nullable String said) {
    return said == null || said.matches("[0-9a-f]{24}")
        ? said
        : EndUser.hash(identity.project(), said);
  }

  private static ObjectNode json(LimitCheck check) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("limit_id", check.limit().id());
    node.put("scope_type", check.limit().scope().text());
    node.put("subject", check.subject());
    node.put("each", check.limit().scopeId().endsWith(LimitScope.EACH));
    node.put("model", check.limit().model());
    node.put("dimension", check.limit().dimension().text());
    node.put("amount", check.limit().amount());
    node.put("left", check.left());
    node.put("reset_ms", check.resetMillis());
    node.put("blocks", check.blocks());
    return node;
  }

  private static ObjectNode json(Limit limit) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("id", limit.id());
    node.put("org_id", limit.org());
    node.put("scope_type", limit.scope().text());
    node.put("scope_id", limit.scopeId());
    node.put("model", limit.model());
    node.put("dimension", limit.dimension().text());
    node.put("amount", limit.amount());
    node.put("burst", limit.effectiveBurst());
    node.put("cache_weight", BigDecimal.valueOf(limit.cachePermille(), 3));
    node.put("created_at", ScopedSettings.time(limit.createdAt()));
    node.put("created_by", limit.createdBy());
    return node;
  }
}
