package io.hadal.server.admin;

import static io.hadal.server.admin.RegistryJson.checked;

import io.hadal.platform.probe.QualityAlert;
import io.hadal.platform.probe.QualitySample;
import io.hadal.platform.probe.QualityStore;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.trial.QualityMonitor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** How well backends serve versions. */
public final class QualityEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Resource.MODEL);
  private static final Permission WRITE = Permission.write(Resource.MODEL);
  private static final int MOST_HISTORY = 500;

  private final Registry registry;
  private final QualityStore store;
  private final QualityMonitor monitor;
  private final AtomicBoolean running = new AtomicBoolean();

  public QualityEndpoints(Registry registry, QualityStore store, QualityMonitor monitor) {
    this.registry = registry;
    this.store = store;
    this.monitor = monitor;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/quality",
            READ,
            "The last look at each backend of each version, and which stand out",
            checked(this::list)),
        new Endpoint(
                "POST",
                "/quality",
                WRITE,
                "Look at all backends now, or at one version's",
                checked(this::start))
            .apart(),
        new Endpoint(
            "GET",
            "/models/{id}/quality",
            READ,
            "What was seen of a version's backends, the newest first",
            checked(this::history)));
  }

  /** A sample, and why its backend stands out. */
  private record Seen(QualitySample sample, @Nullable String suspect) {}

  private JsonNode list(AdminCall call) {
    List<Seen> seen = new ArrayList<>();
    for (String version : store.versions()) {
      Map<String, String> suspects =
          store.suspects(version, monitor.options()).stream()
              .collect(Collectors.toMap(QualityAlert::backend, QualityAlert::detail));
      store.last(version).forEach(s -> seen.add(new Seen(s, suspects.get(s.backend()))));
    }
    ObjectNode page =
        RegistryJson.page(
            call,
            seen,
            s -> s.sample.version() + " " + s.sample.backend(),
            s -> json(s.sample).put("suspect", s.suspect));
    return page.put("running", running.get());
  }

  private static ObjectNode json(QualitySample s) {
    return RegistryJson.object()
        .put("version", s.version())
        .put("backend", s.backend())
        .put("sampled_at", s.sampledAt().toString())
        .put("calls", s.calls())
        .put("valid_calls", s.validCalls())
        .put("questions", s.questions())
        .put("exact_answers", s.exactAnswers())
        .put("logprob_distance", s.logprobDistance())
        .put("failures", s.failures());
  }

  private JsonNode start(AdminCall call) {
    RegistryJson.everything(call);
    String version = call.text("version");
    if (version != null && registry.version(version).isEmpty()) {
      throw HttpProblem.notFound("The version '" + version + "'");
    }
    if (running.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("hadal-quality-now")
          .start(
              () -> {
                try {
                  monitor.sample(version);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                } finally {
                  running.set(false);
                }
              });
    }
    return RegistryJson.object().put("state", "running");
  }

  private JsonNode history(AdminCall call) {
    String id = ModelEndpoints.named(call, "id");
    if (registry.version(id).isEmpty()) {
      throw HttpProblem.notFound("The version '" + id + "'");
    }
    return RegistryJson.page(
        call,
        store.history(id, MOST_HISTORY),
        s -> s.sampledAt().toEpochMilli() + " " + s.backend(),
        QualityEndpoints::json);
  }
}
