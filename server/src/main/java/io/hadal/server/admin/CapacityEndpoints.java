package io.hadal.server.admin;

import static io.hadal.server.admin.RegistryJson.checked;

import io.hadal.chat.Problem;
import io.hadal.engine.capacity.CapacityEstimate;
import io.hadal.engine.capacity.CapacityGoal;
import io.hadal.engine.capacity.CapacityPlanner;
import io.hadal.engine.capacity.CostTable;
import io.hadal.engine.capacity.Workload;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.engine.serving.SimulatedServing.Machine;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How much this machine can serve, by simulation. */
public final class CapacityEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Resource.CAPACITY);
  private static final int REQUESTS = 500;
  private static final long SEED = 1;
  private static final double[] CACHED = {0, 0.25, 0.5, 0.75, 0.9};

  private final Supplier<@Nullable CostTable> costs;
  private final DispatcherOptions options;

  /** A plan takes a processor for a second or so. */
  private final Semaphore planning = new Semaphore(1);

  /**
   * @param costs what steps cost on this machine, as {@code hadal capacity calibrate} has measured
   *     it; null when nobody has
   * @param options how requests are served
   */
  public CapacityEndpoints(Supplier<@Nullable CostTable> costs, DispatcherOptions options) {
    this.costs = costs;
    this.options = options;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET", "/capacity", READ, "What steps cost on this machine", checked(this::get)),
        new Endpoint(
                "POST",
                "/capacity/plan",
                READ,
                "Replicas for a goal, the most one takes, and what cached prompts change",
                checked(this::plan))
            .apart());
  }

  private JsonNode get(AdminCall call) {
    CostTable table = costs.get();
    ObjectNode json = RegistryJson.object().put("calibrated", table != null);
    json.set("costs", table == null ? null : table.json());
    return json;
  }

  private static double number(AdminCall call, String name, double least, double most, double or) {
    JsonNode value = RegistryJson.node(call, name);
    if (value == null) {
      return or;
    }
    if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
      throw Problem.invalid(name, "must be a number from " + least + " to " + most);
    }
    return value.doubleValue();
  }

  private JsonNode plan(AdminCall call) {
    CostTable table = costs.get();
    if (table == null) {
      throw Problem.inexpressible(
          "There is no calibration; make one with 'hadal capacity calibrate'.");
    }
    double rate = number(call, "rate", 1e-3, 1e5, 1);
    double growth = number(call, "growth", 0.1, 100, 2);
    double cached = number(call, "cached", 0, 1, 0);
    CapacityGoal goal =
        new CapacityGoal(
            number(call, "ttft_seconds", 1e-3, 3600, 2),
            number(call, "tpot_seconds", 1e-4, 60, 0.1),
            0.001);
    Workload workload =
        Workload.typical(
            PriorityClass.INTERACTIVE,
            (int) call.number("prompt_tokens", 1, 1 << 20, 2000),
            (int) call.number("output_tokens", 1, 10_000, 300),
            cached,
            1 << 20,
            SEED);
    Machine machine =
        new Machine(
            options, table.stepTokens(), table.kvFixed(), table.kvPerToken(), table.kvBudget());
    CapacityPlanner planner = new CapacityPlanner(machine, table, workload, REQUESTS, SEED);
    if (!planning.tryAcquire()) {
      throw Problem.overloaded(2);
    }
    try {
      double most = planner.mostPerSecond(goal);
      ObjectNode json = RegistryJson.object().put("most_per_replica", most);
      json.put("headroom", most == 0 ? 0 : 1 - rate / most);
      ArrayNode plans = json.putArray("replicas");
      for (double factor : new double[] {1, growth}) {
        int replicas = planner.replicas(rate * factor, goal);
        ObjectNode entry = plans.addObject().put("rate", rate * factor).put("replicas", replicas);
        if (replicas > 0) {
          entry.set("estimate", estimate(planner.at(rate * factor / replicas)));
        }
      }
      ArrayNode effect = json.putArray("by_cached");
      for (double part : CACHED) {
        effect
            .addObject()
            .put("cached", part)
            .put("most_per_replica", planner.with(workload.withCached(part)).mostPerSecond(goal));
      }
      return json;
    } finally {
      planning.release();
    }
  }

  private static ObjectNode estimate(CapacityEstimate e) {
    return RegistryJson.object()
        .put("rate_each", e.rate())
        .put("ttft_p50_seconds", e.firstToken50())
        .put("ttft_p95_seconds", e.firstToken95())
        .put("tpot_p50_seconds", e.perToken50())
        .put("tpot_p95_seconds", e.perToken95())
        .put("queue_p95_seconds", e.queue95())
        .put("refused", e.refused())
        .put("utilisation", e.utilisation())
        .put("output_tokens_per_second", e.outputPerSecond())
        .put("prompt_tokens_per_second", e.promptPerSecond());
  }
}
