package io.hadal.server.admin;

import static io.hadal.server.admin.RegistryJson.checked;

import io.hadal.chat.Problem;
import io.hadal.platform.compare.Prompt;
import io.hadal.platform.compare.UpgradeLine;
import io.hadal.platform.compare.UpgradeRun;
import io.hadal.platform.compare.UpgradeStore;
import io.hadal.platform.compare.UpgradeStore.State;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.probe.ProbeTransport;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Tenants;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.trial.InnerCalls;
import io.hadal.server.trial.InsideTransport;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reports that let two versions answer the same requests. Requests stay in memory as long as their
 * report runs; only figures are kept.
 */
public final class UpgradeEndpoints implements EndpointGroup, AutoCloseable {
  private static final Permission READ = Permission.read(Resource.ROLLOUT);
  private static final Permission WRITE = Permission.write(Resource.ROLLOUT);
  private static final int MOST_REQUESTS = 2000;
  private static final int MOST_LISTED = 100;

  /** Lines after which progress is written down. */
  private static final int STEP = 25;

  private static final System.Logger LOG = System.getLogger("hadal.server");

  private final Registry registry;
  private final UpgradeStore store;
  private final Tenants tenants;
  private final Function<String, @Nullable PriceSnapshot> prices;
  private final InnerCalls calls;
  private final Semaphore places = new Semaphore(2);
  private volatile boolean closed;

  /**
   * @param tenants knows whose requests may be used
   * @param prices what versions cost; null for unknown
   */
  public UpgradeEndpoints(
      Registry registry,
      UpgradeStore store,
      Tenants tenants,
      Function<String, @Nullable PriceSnapshot> prices,
      InnerCalls calls) {
    this.registry = registry;
    this.store = store;
    this.tenants = tenants;
    this.prices = prices;
    this.calls = calls;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/upgrade-reports",
            READ,
            "Upgrade reports, the newest first",
            checked(this::list)),
        new Endpoint(
                "POST",
                "/upgrade-reports",
                WRITE,
                "Let two versions answer requests of chats",
                checked(this::begin))
            .apart(),
        new Endpoint(
            "GET",
            "/upgrade-reports/{id}",
            READ,
            "A report side by side; format=text or markdown for people",
            checked(this::get)));
  }

  private static ObjectNode head(UpgradeStore.Stored stored) {
    return RegistryJson.object()
        .put("id", stored.id())
        .put("from", stored.report().from())
        .put("to", stored.report().to())
        .put("project", stored.project().isEmpty() ? null : stored.project())
        .put("state", stored.state().name().toLowerCase(Locale.ROOT))
        .put("total", stored.report().total())
        .put("done", stored.report().lines().size())
        .put("created_at", stored.createdAt().toString())
        .put("created_by", stored.createdBy());
  }

  private JsonNode list(AdminCall call) {
    RegistryJson.everything(call);
    return RegistryJson.page(
        call, store.list(MOST_LISTED), UpgradeStore.Stored::id, UpgradeEndpoints::head);
  }

  private JsonNode get(AdminCall call) {
    RegistryJson.everything(call);
    UpgradeStore.Stored stored =
        store
            .find(call.path("id"))
            .orElseThrow(() -> HttpProblem.notFound("The report '" + call.path("id") + "'"));
    ObjectNode json = head(stored);
    String format = call.query("format");
    if ("text".equals(format)) {
      return json.put("text", stored.report().text());
    }
    if ("markdown".equals(format)) {
      return json.put("text", stored.report().markdown());
    }
    json.set("summary", stored.report().json());
    ArrayNode lines = json.putArray("lines");
    stored.report().lines().forEach(l -> lines.add(l.json()));
    return json;
  }

  private ModelVersion version(AdminCall call, String field) {
    String id = call.required(field);
    return registry.version(id).orElseThrow(() -> Problem.invalid(field, "is no version"));
  }

  private JsonNode begin(AdminCall call) {
    RegistryJson.everything(call);
    ModelVersion from = version(call, "from");
    ModelVersion to = version(call, "to");
    Identity identity = identity(call.text("project"));
    JsonNode requests = call.body().path("requests");
    if (!requests.isArray() || requests.isEmpty() || requests.size() > MOST_REQUESTS) {
      throw Problem.invalid("requests", "must be a list of 1 to " + MOST_REQUESTS + " requests");
    }
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode request : requests) {
      int number = prompts.size() + 1;
      prompts.add(Prompt.of(number, request, "requests[" + (number - 1) + "]"));
    }
    if (!places.tryAcquire()) {
      throw Problem.overloaded(60);
    }
    String id;
    boolean begun = false;
    try {
      String project = call.text("project");
      id =
          store.begin(
              from.id(),
              to.id(),
              project == null ? "" : project,
              prompts.size(),
              call.actor().name());
      begun = true;
    } finally {
      if (!begun) {
        places.release();
      }
    }
    Thread.ofVirtual()
        .name("hadal-upgrade-report")
        .start(() -> run(id, way(from, identity), way(to, identity), prompts));
    return head(store.find(id).orElseThrow());
  }

  /** Whose requests they are: those of projects that keep nothing are for nobody else. */
  private Identity identity(@Nullable String project) {
    if (project == null) {
      return InnerCalls.PROBES;
    }
    Tenants.Project found = tenants.project(project);
    if (found == null) {
      throw Problem.invalid("project", "is no project");
    }
    ProjectPolicy policy = found.policy();
    if (policy.zdr() || policy.phi()) {
      throw Problem.invalid(
          "project", "keeps nothing or has health information; its requests are not for reports");
    }
    return new Identity(
        found.org(), found.team(), found.id(), "upgrade-report", null, Set.of(), List.of(), policy);
  }

  private ProbeTransport way(ModelVersion version, Identity identity) {
    return new InsideTransport(
        calls,
        InnerCalls.pinned(
            version.id(), version.manifest().backends(), version.manifest().upstreamModel(), null),
        identity);
  }

  private void run(String id, ProbeTransport from, ProbeTransport to, List<Prompt> prompts) {
    List<UpgradeLine> lines = new ArrayList<>();
    try {
      UpgradeRun run = new UpgradeRun(from, to, prices);
      for (Prompt prompt : prompts) {
        if (closed) {
          store.progress(id, lines, State.FAILED);
          return;
        }
        lines.add(run.ask(prompt));
        if (lines.size() % STEP == 0 && lines.size() < prompts.size()) {
          store.progress(id, lines, State.RUNNING);
        }
      }
      store.progress(id, lines, State.DONE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "an upgrade report failed: " + e.getClass().getSimpleName());
      fail(id, lines);
    } finally {
      places.release();
    }
  }

  private void fail(String id, List<UpgradeLine> lines) {
    try {
      store.progress(id, lines, State.FAILED);
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "a failed upgrade report stays as it is: " + e.getClass());
    }
  }

  @Override
  public void close() {
    closed = true;
  }
}
