package io.hadal.server.admin;

import static io.hadal.server.admin.RegistryJson.checked;

import io.hadal.chat.Problem;
import io.hadal.engine.capacity.CapacityEstimate;
import io.hadal.engine.capacity.CapacityGoal;
import io.hadal.engine.capacity.CapacityMix;
import io.hadal.engine.capacity.CapacityPlanner;
import io.hadal.engine.capacity.CostTable;
import io.hadal.engine.capacity.LiveCosts;
import io.hadal.engine.capacity.TenantGrowth;
import io.hadal.engine.capacity.Workload;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.platform.reports.RecentRequests;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.platform.tenancy.Permissions;
import io.hadal.platform.tenancy.Place;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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
  private static final int RECORDED = 20_000;
  private static final long SEED = 1;
  private static final String CALIBRATED = "calibrated";
  private static final String LIVE = "live";
  private static final double[] CACHED = {0, 0.25, 0.5, 0.75, 0.9};

  private final Supplier<@Nullable CostTable> costs;
  private final @Nullable LiveCosts live;
  private final Supplier<List<CostTable>> others;
  private final Recent recent;
  private final DispatcherOptions options;

  /** One at a time: a plan keeps a processor busy. */
  private final Semaphore planning = new Semaphore(1);

  /**
   * @param costs what steps cost on this machine, as {@code hadal capacity calibrate} has measured
   *     it; null when nobody has
   * @param live what this server has learnt of its own steps; null without a model
   * @param others the same of other models or machines, to compare with
   * @param recent requests that were
   * @param options how requests are served
   */
  public CapacityEndpoints(
      Supplier<@Nullable CostTable> costs,
      @Nullable LiveCosts live,
      Supplier<List<CostTable>> others,
      Recent recent,
      DispatcherOptions options) {
    this.costs = costs;
    this.live = live;
    this.others = others;
    this.recent = recent;
    this.options = options;
  }

  /** Requests that were. */
  @FunctionalInterface
  public interface Recent {
    /**
     * Those of the last hours, newest first.
     *
     * @param most how many at most
     */
    List<RecentRequests.Request> of(int hours, int most);
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/capacity",
            READ,
            "What steps cost on this machine: as calibrated, as learnt from the steps of this"
                + " server, and how far steps were from both",
            checked(this::get)),
        new Endpoint(
                "POST",
                "/capacity/plan",
                READ,
                "Replicas for a goal, the most one takes, and what cached prompts, the size of"
                    + " steps, another model, a tenant that sends more and an upstream change",
                checked(this::plan))
            .apart());
  }

  private JsonNode get(AdminCall call) {
    CostTable table = costs.get();
    ObjectNode json = RegistryJson.object().put("calibrated", table != null);
    json.set("costs", table == null ? null : table.json());
    json.set("live", live == null ? null : live.json());
    return json;
  }

  /** Costs to plan with, by their name: {@code calibrated} or {@code live}. */
  private Map.Entry<String, CostTable> chosen(AdminCall call) {
    String asked = call.text("costs");
    if (asked != null && !asked.equals(CALIBRATED) && !asked.equals(LIVE)) {
      throw Problem.invalid("costs", "must be " + CALIBRATED + " or " + LIVE);
    }
    CostTable learnt = live == null ? null : live.table();
    boolean better = asked == null ? live != null && live.isBetter() : asked.equals(LIVE);
    if (better && learnt != null) {
      return Map.entry(LIVE, learnt);
    }
    CostTable table = LIVE.equals(asked) ? null : costs.get();
    if (table == null) {
      throw Problem.inexpressible(
          LIVE.equals(asked)
              ? "This server has not served enough to know what its steps cost."
              : "There is no calibration; make one with 'hadal capacity calibrate', or serve"
                  + " requests for a while.");
    }
    return Map.entry(CALIBRATED, table);
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
    Map.Entry<String, CostTable> chosen = chosen(call);
    CostTable table = chosen.getValue();
    Asked asked = asked(call);
    Workload workload = asked.workload;
    double rate = asked.rate;
    double growth = number(call, "growth", 0.1, 100, 2);
    double tenantGrowth = number(call, "tenant_growth", 0, 100, 2);
    CapacityGoal goal =
        new CapacityGoal(
            number(call, "ttft_seconds", 1e-3, 3600, 2),
            number(call, "tpot_seconds", 1e-4, 60, 0.1),
            0.001);
    Double usdPerHour = given(call, "usd_per_hour", 1e6);
    Double routed = given(call, "routed_prompt_usd", 1e6);
    CapacityMix.Price price =
        routed == null
            ? null
            : new CapacityMix.Price(
                routed,
                number(call, "routed_cached_usd", 0, 1e6, routed),
                number(call, "routed_output_usd", 0, 1e6, routed));
    CapacityPlanner planner =
        new CapacityPlanner(table.machine(options), table, workload, REQUESTS, SEED);
    if (!planning.tryAcquire()) {
      throw Problem.overloaded(2);
    }
    try {
      double most = planner.mostPerSecond(goal);
      ObjectNode json = RegistryJson.object().put("costs", chosen.getKey());
      json.put("most_per_replica", most);
      json.put("headroom", most == 0 ? 0 : 1 - rate / most);
      json.put("rate", rate);
      ArrayNode plans = json.putArray("replicas");
      int now = planner.replicas(rate, goal);
      for (double factor : new double[] {1, growth}) {
        int replicas = factor == 1 ? now : planner.replicas(rate * factor, goal);
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
      ArrayNode sizes = json.putArray("by_step_tokens");
      for (int tokens : table.stepSizes()) {
        CapacityPlanner other = planner.withStepTokens(tokens);
        ObjectNode entry = sizes.addObject().put("step_tokens", tokens);
        entry.put("most_per_replica", other.mostPerSecond(goal));
        if (now > 0) {
          entry.set("estimate", estimate(other.at(rate / now)));
        }
      }
      ArrayNode models = json.putArray("by_model");
      for (CostTable other : others.get()) {
        CapacityPlanner with = planner.with(other);
        models
            .addObject()
            .put("model", other.model())
            .put("host", other.host())
            .put("most_per_replica", with.mostPerSecond(goal))
            .put("replicas", with.replicas(rate, goal));
      }
      if (now > 0) {
        json.set(
            "tenant",
            grown(planner.growth(rate, now, asked.tenant, tenantGrowth, goal), tenantGrowth));
      }
      if (usdPerHour != null && price != null) {
        List<CapacityMix> mixes = CapacityMix.all(workload, rate, most, usdPerHour, price);
        ArrayNode list = json.putArray("mixes");
        for (CapacityMix mix : mixes) {
          list.addObject()
              .put("replicas", mix.replicas())
              .put("routed", mix.routed())
              .put("usd_per_hour", mix.perHour());
        }
        json.put("cheapest", CapacityMix.cheapest(mixes).replicas());
      }
      return json;
    } finally {
      planning.release();
    }
  }

  /** What is asked about: requests that were, or some of usual lengths. */
  private record Asked(Workload workload, double rate, String tenant) {}

  private Asked asked(AdminCall call) {
    int hours = (int) call.number("recorded_hours", 0, 24 * 366, 0);
    Double rate = given(call, "rate", 1e5);
    if (rate != null && rate < 1e-3) {
      throw Problem.invalid("rate", "must be a number from 0.001 to 100000");
    }
    if (hours > 0) {
      // They are of all tenants, and the largest is named.
      Permissions.require(call.actor(), READ, Place.ALL);
      List<RecentRequests.Request> requests = recent.of(hours, RECORDED);
      if (requests.isEmpty()) {
        throw Problem.inexpressible("No requests were answered here in these hours.");
      }
      Workload workload =
          Workload.recorded(requests.stream().map(CapacityEndpoints::recorded).toList());
      Double cached = given(call, "cached", 1);
      double past = requests.size() == RECORDED ? seconds(requests) : hours * 3600.0;
      return new Asked(
          cached == null ? workload : workload.withCached(cached),
          rate == null ? Math.max(1e-3, requests.size() / past) : rate,
          workload.largestTenant());
    }
    Workload workload =
        Workload.typical(
            PriorityClass.INTERACTIVE,
            (int) call.number("prompt_tokens", 1, 1 << 20, 2000),
            (int) call.number("output_tokens", 1, 10_000, 300),
            number(call, "cached", 0, 1, 0),
            1 << 20,
            SEED);
    String tenant = workload.largestTenant();
    return new Asked(
        workload.withShare(tenant, number(call, "tenant_share", 0.01, 0.9, 0.125)),
        rate == null ? 1 : rate,
        tenant);
  }

  /** From the oldest to the newest. */
  private static double seconds(List<RecentRequests.Request> requests) {
    Duration between = Duration.between(requests.getLast().at(), requests.getFirst().at());
    return Math.max(1, between.toMillis() / 1e3);
  }

  private static Workload.Recorded recorded(RecentRequests.Request request) {
    return new Workload.Recorded(
        priority(request.priority()),
        request.project(),
        (int) Math.min(request.prompt(), 1 << 24),
        (int) Math.min(request.cached(), 1 << 24),
        (int) Math.min(request.output(), 1 << 24),
        request.at());
  }

  /** Events of versions that recorded none are taken for those of people. */
  private static PriorityClass priority(@Nullable String name) {
    for (PriorityClass one : PriorityClass.values()) {
      if (one.name().equalsIgnoreCase(name)) {
        return one;
      }
    }
    return PriorityClass.INTERACTIVE;
  }

  private static @Nullable Double given(AdminCall call, String name, double most) {
    return RegistryJson.node(call, name) == null
        ? null
        : Double.valueOf(number(call, name, 0, most, 0));
  }

  private static ObjectNode grown(TenantGrowth growth, double factor) {
    ObjectNode json = RegistryJson.object().put("tenant", growth.tenant()).put("factor", factor);
    json.put("share", growth.share()).put("rate", growth.rate()).put("replicas", growth.replicas());
    json.set("tenant_sees", estimate(growth.tenantSees()));
    json.set("others_see", estimate(growth.othersSee()));
    return json;
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
