package io.hadal.server.admin;

import static io.hadal.server.admin.RegistryJson.checked;

import io.hadal.chat.Problem;
import io.hadal.platform.money.PriceBook;
import io.hadal.platform.registry.AliasChange;
import io.hadal.platform.registry.Manifest;
import io.hadal.platform.registry.ManifestPrices;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.ProbeResult;
import io.hadal.platform.registry.ProbeStore;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.platform.registry.VersionUsage;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Place;
import io.hadal.server.http.HttpProblem;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Versions of models, their names, and what they were seen to do. */
public final class ModelEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Resource.MODEL);
  private static final Permission WRITE = Permission.write(Resource.MODEL);

  private final Registry registry;
  private final PriceBook prices;
  private final ProbeStore probes;
  private final VersionUsage usage;
  private final RunningVersions running;
  private final Clock clock;

  /**
   * @param prices get those of manifests when a version begins to answer
   * @param usage tells who uses versions that will end
   * @param running where versions run
   */
  public ModelEndpoints(
      Registry registry,
      PriceBook prices,
      ProbeStore probes,
      VersionUsage usage,
      RunningVersions running,
      Clock clock) {
    this.registry = registry;
    this.prices = prices;
    this.probes = probes;
    this.usage = usage;
    this.running = running;
    this.clock = clock;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint("GET", "/models", READ, "Versions of models", checked(this::list)),
        new Endpoint("POST", "/models", WRITE, "Add a draft from a manifest", checked(this::add)),
        new Endpoint("GET", "/models/{id}", READ, "A version", checked(this::get)),
        new Endpoint("DELETE", "/models/{id}", WRITE, "Take a draft away", checked(this::discard)),
        new Endpoint(
            "POST",
            "/models/{id}/activate",
            WRITE,
            "Let a version answer; it never changes from then on",
            checked(this::activate)),
        new Endpoint(
            "POST",
            "/models/{id}/deprecate",
            WRITE,
            "Announce the end of a version",
            checked(this::deprecate)),
        new Endpoint("POST", "/models/{id}/retire", WRITE, "End a version", checked(this::retire)),
        new Endpoint(
            "GET",
            "/model-usage",
            READ,
            "Projects that use versions which will end",
            checked(this::deprecatedUse)),
        new Endpoint("GET", "/aliases", READ, "What names mean", checked(this::aliases)),
        new Endpoint(
            "PUT", "/aliases/{name}", WRITE, "Point a name to a version", checked(this::alias)),
        new Endpoint(
            "DELETE", "/aliases/{name}", WRITE, "Take a name away", checked(this::unalias)),
        new Endpoint(
            "GET", "/aliases/{name}/history", READ, "What a name meant", checked(this::history)));
  }

  @Override
  public @Nullable Place place(Endpoint endpoint, AdminCall call) {
    // It names projects.
    return endpoint.path().equals("/model-usage") ? Place.home(call.actor()) : null;
  }

  private JsonNode list(AdminCall call) {
    String lifecycle = call.query("lifecycle");
    List<ModelVersion> versions =
        registry.versions().stream()
            .filter(v -> lifecycle == null || v.lifecycle().text().equals(lifecycle))
            .toList();
    return RegistryJson.page(
        call, versions, ModelVersion::id, v -> RegistryJson.version(v, running));
  }

  private JsonNode add(AdminCall call) {
    RegistryJson.everything(call);
    JsonNode json = RegistryJson.node(call, "manifest");
    if (json == null) {
      throw Problem.missing("manifest");
    }
    Manifest manifest = Manifest.of(json, "manifest");
    return RegistryJson.version(
        registry.draft(manifest, call.text("version"), call.actor().name()), running);
  }

  /** A name of the path, where ~ stands for the slashes that names of routed models may have. */
  static String named(AdminCall call, String part) {
    return call.path(part).replace('~', '/');
  }

  private ModelVersion version(AdminCall call) {
    String id = named(call, "id");
    return registry.version(id).orElseThrow(() -> HttpProblem.notFound("The version '" + id + "'"));
  }

  private JsonNode get(AdminCall call) {
    ModelVersion version = version(call);
    ObjectNode json = RegistryJson.version(version, running);
    json.set("manifest", version.manifest().json());
    ArrayNode names = json.putArray("aliases");
    registry.aliases().stream()
        .filter(a -> a.target().equals(version.id()) && visible(call, a))
        .forEach(a -> names.add(a.name()));
    ArrayNode features = json.putArray("supported_features");
    probes.last(version.id()).stream()
        .filter(r -> r.outcome() == ProbeResult.Outcome.PASSED)
        .forEach(r -> features.add(r.feature()));
    return json;
  }

  private @Nullable JsonNode discard(AdminCall call) {
    RegistryJson.everything(call);
    registry.discard(version(call).id());
    return null;
  }

  private JsonNode activate(AdminCall call) {
    RegistryJson.everything(call);
    String by = call.actor().name();
    ModelVersion version = registry.activate(version(call).id(), by);
    ManifestPrices.enter(version, prices, by, clock);
    return RegistryJson.version(version, running);
  }

  private JsonNode deprecate(AdminCall call) {
    RegistryJson.everything(call);
    return RegistryJson.version(
        registry.deprecate(
            version(call).id(),
            RegistryJson.instant(call, "deprecated_at"),
            RegistryJson.instant(call, "retires_at"),
            call.text("successor")),
        running);
  }

  private JsonNode retire(AdminCall call) {
    RegistryJson.everything(call);
    return RegistryJson.version(registry.retire(version(call).id()), running);
  }

  private JsonNode deprecatedUse(AdminCall call) {
    List<ModelVersion> ending =
        registry.versions().stream().filter(v -> v.deprecatedAt() != null).toList();
    Map<String, ModelVersion> byId =
        ending.stream().collect(Collectors.toMap(ModelVersion::id, Function.identity()));
    List<VersionUsage.Use> uses =
        usage.since(byId.keySet(), clock.instant().minus(Duration.ofDays(30))).stream()
            .filter(u -> call.actor().org() == null || u.org().equals(call.actor().org()))
            .toList();
    return RegistryJson.page(
        call,
        uses,
        u -> u.project() + "/" + u.version(),
        u -> {
          ModelVersion version = Objects.requireNonNull(byId.get(u.version()));
          return RegistryJson.object()
              .put("version", u.version())
              .put("org", u.org())
              .put("project", u.project())
              .put("requests", u.requests())
              .put("last_at", u.last().toString())
              .put("retires_at", version.retiresAt() == null ? null : version.retiresAt() + "")
              .put("successor", version.successor());
        });
  }

  private static boolean visible(AdminCall call, AliasChange alias) {
    return call.actor().org() == null
        || alias.org().isEmpty()
        || alias.org().equals(call.actor().org());
  }

  private JsonNode aliases(AdminCall call) {
    List<AliasChange> shown = registry.aliases().stream().filter(a -> visible(call, a)).toList();
    return RegistryJson.page(call, shown, a -> a.org() + "/" + a.name(), RegistryJson::alias);
  }

  private static String reason(@Nullable String given) {
    return given == null ? "" : given;
  }

  private JsonNode alias(AdminCall call) {
    String org = RegistryJson.org(call, call.text("org"));
    if (!org.isEmpty() && !registry.hasOrg(org)) {
      throw Problem.invalid("org", "there is no such org");
    }
    return RegistryJson.alias(
        registry.alias(
            org,
            named(call, "name"),
            call.required("version"),
            call.actor().name(),
            reason(call.text("reason"))));
  }

  private JsonNode unalias(AdminCall call) {
    for (String name : call.query().keySet()) {
      if (!name.equals("org") && !name.equals("reason")) {
        // With a slip in org, everybody's name would go.
        throw Problem.invalid("query", "may have org and reason, nothing else");
      }
    }
    String org = RegistryJson.org(call, call.query("org"));
    return RegistryJson.alias(
        registry.unalias(
            org, named(call, "name"), call.actor().name(), reason(call.query("reason"))));
  }

  private JsonNode history(AdminCall call) {
    String org = call.query("org");
    if (org != null && !org.isEmpty()) {
      RegistryJson.org(call, org);
    }
    List<AliasChange> history = registry.history(org == null ? "" : org, named(call, "name"));
    if (history.isEmpty()) {
      throw HttpProblem.notFound("The name '" + named(call, "name") + "'");
    }
    return RegistryJson.page(call, history, a -> Long.toString(a.seq()), RegistryJson::alias);
  }
}
