package io.hadal.server.admin;

import static io.hadal.server.admin.RegistryJson.checked;

import io.hadal.chat.Problem;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.RunningVersions;
import io.hadal.platform.registry.Split.Stickiness;
import io.hadal.platform.rollout.Guard;
import io.hadal.platform.rollout.Rollout;
import io.hadal.platform.rollout.Rollout.Mode;
import io.hadal.platform.rollout.RolloutPlan;
import io.hadal.platform.rollout.Rollouts;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.server.http.HttpProblem;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** New versions by degrees. */
public final class RolloutEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Resource.ROLLOUT);
  private static final Permission WRITE = Permission.write(Resource.ROLLOUT);

  private final Rollouts rollouts;
  private final Registry registry;
  private final RunningVersions running;

  /**
   * @param running where versions run: a candidate that does nowhere gets nothing
   */
  public RolloutEndpoints(Rollouts rollouts, Registry registry, RunningVersions running) {
    this.rollouts = rollouts;
    this.registry = registry;
    this.running = running;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint("GET", "/rollouts", READ, "Rollouts, the newest first", checked(this::list)),
        new Endpoint("POST", "/rollouts", WRITE, "Add a draft", checked(this::create)),
        new Endpoint(
            "GET",
            "/rollouts/{id}",
            READ,
            "A rollout with its events and comparisons",
            checked(this::get)),
        new Endpoint(
            "POST", "/rollouts/{id}/start", WRITE, "Let a draft run", checked(this::start)),
        new Endpoint(
            "POST",
            "/rollouts/{id}/percent",
            WRITE,
            "Give the candidate another part",
            checked(this::percent)),
        new Endpoint(
            "POST",
            "/rollouts/{id}/promote",
            WRITE,
            "Point the name to the candidate",
            checked(this::promote)),
        new Endpoint(
            "POST",
            "/rollouts/{id}/rollback",
            WRITE,
            "Point the name back to the baseline",
            checked(this::rollBack)));
  }

  private static boolean visible(AdminCall call, Rollout rollout) {
    return call.actor().org() == null
        || rollout.org().isEmpty()
        || rollout.org().equals(call.actor().org());
  }

  private JsonNode list(AdminCall call) {
    String state = call.query("state");
    List<Rollout> shown =
        rollouts.list().stream()
            .filter(r -> visible(call, r) && (state == null || r.state().text().equals(state)))
            .toList();
    return RegistryJson.page(call, shown, Rollout::id, RegistryJson::rollout);
  }

  private Rollout seen(AdminCall call) {
    return rollouts
        .find(call.path("id"))
        .filter(r -> visible(call, r))
        .orElseThrow(() -> HttpProblem.notFound("The rollout '" + call.path("id") + "'"));
  }

  /** The rollout of a call that may change it. */
  private Rollout own(AdminCall call) {
    Rollout rollout = seen(call);
    RegistryJson.org(call, rollout.org());
    return rollout;
  }

  private JsonNode get(AdminCall call) {
    Rollout rollout = seen(call);
    ObjectNode json = RegistryJson.rollout(rollout);
    ArrayNode events = json.putArray("events");
    rollouts.events(rollout.id()).forEach(e -> events.add(RegistryJson.event(e)));
    json.set("comparison", RegistryJson.comparison(rollouts.compared(rollout.id())));
    Rollouts.Seen window = rollouts.seen(rollout.id());
    json.putObject("observed")
        .put("baseline", window.baseline())
        .put("candidate", window.candidate());
    return json;
  }

  private JsonNode create(AdminCall call) {
    String org = RegistryJson.org(call, call.text("org"));
    Mode mode = choice("mode", call.required("mode"), Mode.class);
    String stickiness = call.text("stickiness");
    JsonNode guards = RegistryJson.node(call, "guards");
    RolloutPlan plan =
        new RolloutPlan(
            org,
            call.required("alias"),
            call.required("candidate"),
            mode,
            (int) call.number("percent", 0, 100, mode == Mode.SHADOW ? 100 : 0),
            stickiness == null
                ? Stickiness.SESSION
                : choice("stickiness", stickiness, Stickiness.class),
            guards == null ? Guard.DEFAULTS : Guard.read(guards));
    return RegistryJson.rollout(rollouts.create(plan, call.actor().name()));
  }

  private static <E extends Enum<E>> E choice(String field, String text, Class<E> type) {
    for (E value : type.getEnumConstants()) {
      if (value.name().toLowerCase(Locale.ROOT).equals(text)) {
        return value;
      }
    }
    throw Problem.invalid(
        field,
        "must be one of "
            + String.join(
                ", ",
                List.of(type.getEnumConstants()).stream()
                    .map(v -> v.name().toLowerCase(Locale.ROOT))
                    .toList()));
  }

  private JsonNode start(AdminCall call) {
    Rollout rollout = own(call);
    requireRunning(rollout);
    return RegistryJson.rollout(rollouts.start(rollout.id(), call.actor().name()));
  }

  /**
   * Lets no candidate have requests that nobody could answer for it.
   *
   * @throws io.hadal.formats.FormatException when none runs it
   */
  private void requireRunning(Rollout rollout) {
    registry
        .version(rollout.candidate())
        .ifPresent(
            version ->
                running.requireAnywhere(
                    version,
                    ". A process has one model: serve the candidate's weights on an engine node"
                        + " (platform.engine), or add it as a routed version"));
  }

  private JsonNode percent(AdminCall call) {
    Rollout rollout = own(call);
    long percent = call.number("percent", 0, 100, -1);
    if (percent > 0) {
      requireRunning(rollout);
    }
    if (percent < 0) {
      throw Problem.missing("percent");
    }
    return RegistryJson.rollout(rollouts.percent(rollout.id(), (int) percent, call.actor().name()));
  }

  private static String reason(@Nullable String given) {
    return given == null ? "" : given;
  }

  private JsonNode promote(AdminCall call) {
    Rollout rollout = own(call);
    requireRunning(rollout);
    return RegistryJson.rollout(
        rollouts.promote(rollout.id(), call.actor().name(), reason(call.text("reason"))));
  }

  private JsonNode rollBack(AdminCall call) {
    return RegistryJson.rollout(
        rollouts.rollBack(own(call).id(), call.actor().name(), reason(call.text("reason"))));
  }
}
