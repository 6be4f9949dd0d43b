package io.hadal.server.admin;

import static io.hadal.server.admin.RegistryJson.checked;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.platform.probe.HttpTransport;
import io.hadal.platform.probe.ProbeSuite;
import io.hadal.platform.probe.ProbeTarget;
import io.hadal.platform.probe.ProbeTransport;
import io.hadal.platform.probe.ProbedName;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.ProbeStore;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.server.http.HttpProblem;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What versions can do. */
public final class ProbeEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Resource.MODEL);
  private static final Permission WRITE = Permission.write(Resource.MODEL);

  /** Probes at once: each may keep a backend busy for minutes. */
  private static final int MOST_PROBES = 4;

  /** Longest time to ask a server for the name of a version. */
  private static final Duration LOOK = Duration.ofSeconds(10);

  private final Registry registry;
  private final ProbeStore probes;
  private final Clock clock;
  private final Function<ModelVersion, ProbeTransport> inside;

  /** Versions that are being probed or could not be, with why: empty while it goes on. */
  private final Map<String, String> probing = new ConcurrentHashMap<>();

  /**
   * @param inside the way to a version that this process answers for, drafts included
   */
  public ProbeEndpoints(
      Registry registry,
      ProbeStore probes,
      Clock clock,
      Function<ModelVersion, ProbeTransport> inside) {
    this.registry = registry;
    this.probes = probes;
    this.clock = clock;
    this.inside = inside;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET", "/models/{id}/probes", READ, "What a version can do", checked(this::results)),
        new Endpoint(
                "POST",
                "/models/{id}/probes",
                WRITE,
                "Try what a version can do, here or at a running server",
                checked(this::probe))
            .apart());
  }

  private ModelVersion version(AdminCall call) {
    String id = ModelEndpoints.named(call, "id");
    return registry.version(id).orElseThrow(() -> HttpProblem.notFound("The version '" + id + "'"));
  }

  private JsonNode results(AdminCall call) {
    ModelVersion version = version(call);
    ObjectNode json = RegistryJson.object();
    String state = probing.get(version.id());
    json.put("state", state == null ? "idle" : state.isEmpty() ? "running" : "failed");
    json.put("problem", state == null || state.isEmpty() ? null : state);
    ArrayNode data = json.putArray("data");
    probes.last(version.id()).forEach(r -> data.add(RegistryJson.probe(r)));
    return json.putNull("next");
  }

  private JsonNode probe(AdminCall call) {
    RegistryJson.everything(call);
    ModelVersion version = version(call);
    ProbeTransport transport = transport(call, version);
    int context = version.manifest().json().path("context").asInt(0);
    synchronized (probing) {
      if ("".equals(probing.get(version.id()))) {
        throw Problem.inexpressible(version.id() + " is being probed already");
      }
      if (probing.values().stream().filter(String::isEmpty).count() >= MOST_PROBES) {
        throw Problem.overloaded(60);
      }
      probing.put(version.id(), "");
    }
    Thread.ofVirtual().name("hadal-probe").start(() -> run(version.id(), transport, context));
    return RegistryJson.object().put("state", "running");
  }

  /** Over HTTP when the call names a server, else inside of this process. */
  private ProbeTransport transport(AdminCall call, ModelVersion version) {
    String url = call.text("url");
    if (url == null) {
      return inside.apply(version);
    }
    String key = call.text("key");
    String asked = call.text("model");
    try {
      return new HttpTransport(
          new ProbeTarget(
              url,
              key,
              asked != null
                  ? asked
                  : ProbedName.of(version, registry, name -> new ProbeTarget(url, key, name, LOOK)),
              Duration.ofMinutes(10)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FormatException(version.id(), "was not asked for: interrupted", e);
    }
  }

  private void run(String version, ProbeTransport transport, int context) {
    try (transport) {
      probes.save(
          version, new ProbeSuite(clock).run(transport, context, Integer.MAX_VALUE, r -> {}));
      probing.remove(version);
    } catch (FormatException e) {
      probing.put(version, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      probing.put(version, "interrupted");
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      probing.put(version, "failed: " + e.getClass().getSimpleName());
    }
  }
}
