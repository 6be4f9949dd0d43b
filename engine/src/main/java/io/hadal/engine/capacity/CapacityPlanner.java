package io.hadal.engine.capacity;

import io.hadal.engine.serving.SimulatedServing;
import io.hadal.engine.serving.SimulatedServing.Machine;
import io.hadal.engine.serving.SimulatedServing.Run;
import io.hadal.engine.serving.StepTime;

/**
 * Answers questions about capacity by simulation. Replicas are alike and get equal parts of the
 * requests. The same seed gives the same answers.
 */
public final class CapacityPlanner {
  private static final int MOST_REPLICAS = 4096;
  private static final double LEAST_RATE = 1e-4;

  /** Width of the last interval of a search for a rate. */
  private static final double EXACT = 0.02;

  private final Machine machine;
  private final StepTime costs;
  private final Workload workload;
  private final int requests;
  private final long seed;

  /**
   * @param requests to simulate for each question, at least 100
   */
  public CapacityPlanner(
      Machine machine, StepTime costs, Workload workload, int requests, long seed) {
    if (requests < 100) {
      throw new IllegalArgumentException("fewer than 100 requests say nothing: " + requests);
    }
    this.machine = machine;
    this.costs = costs;
    this.workload = workload;
    this.requests = requests;
    this.seed = seed;
  }

  /** The same questions about other requests. */
  public CapacityPlanner with(Workload other) {
    return new CapacityPlanner(machine, costs, other, requests, seed);
  }

  /**
   * The same questions about steps of another size: how finely prompts are cut.
   *
   * @param tokens most tokens of a step
   */
  public CapacityPlanner withStepTokens(int tokens) {
    Machine other =
        new Machine(
            machine.options(), tokens, machine.kvFixed(), machine.kvPerToken(), machine.kvBudget());
    return new CapacityPlanner(other, costs, workload, requests, seed);
  }

  /** The same questions about another model or machine. */
  public CapacityPlanner with(CostTable other) {
    return new CapacityPlanner(other.machine(machine.options()), other, workload, requests, seed);
  }

  /** What requests see when this many come to one replica each second. */
  public CapacityEstimate at(double rate) {
    return CapacityEstimate.of(rate, run(rate));
  }

  /**
   * Whether a replica keeps a goal at a rate for ever: a short burst may fit into the time to the
   * first token, however fast it comes.
   */
  private boolean keeps(double rate, CapacityGoal goal) {
    Run run = run(rate);
    return rate * run.busySeconds() <= run.results().size()
        && goal.keptBy(CapacityEstimate.of(rate, run));
  }

  private Run run(double rate) {
    return SimulatedServing.run(machine, costs, workload.arrivals(rate, requests, seed));
  }

  /**
   * What happens when a tenant sends more, and replicas stay as many as they are.
   *
   * @param rate requests per second of all together, now
   * @param replicas as many as serve now, at least 1
   * @param factor times as many requests of the tenant, 0 to 100
   */
  public TenantGrowth growth(
      double rate, int replicas, String tenant, double factor, CapacityGoal goal) {
    double share = workload.share(tenant);
    double grown = rate * (1 + share * (factor - 1));
    CapacityPlanner then = with(workload.withTenant(tenant, factor));
    Run run = then.run(grown / replicas);
    return new TenantGrowth(
        tenant,
        share,
        grown,
        CapacityEstimate.of(grown / replicas, run, r -> r.tenant().equals(tenant)),
        CapacityEstimate.of(grown / replicas, run, r -> !r.tenant().equals(tenant)),
        then.replicas(grown, goal));
  }

  /** Most requests per second of one replica that keep a goal; 0 when none do. */
  public double mostPerSecond(CapacityGoal goal) {
    double good = 0;
    double bad = LEAST_RATE;
    while (keeps(bad, goal)) {
      good = bad;
      bad *= 4;
      if (bad > 1e6) {
        return good;
      }
    }
    if (good == 0) {
      return 0;
    }
    while (bad / good > 1 + EXACT) {
      double middle = Math.sqrt(good * bad);
      if (keeps(middle, goal)) {
        good = middle;
      } else {
        bad = middle;
      }
    }
    return good;
  }

  /** Fewest replicas that keep a goal at a rate of all together; 0 when no number does. */
  public int replicas(double rate, CapacityGoal goal) {
    int bad = 0;
    int good = 1;
    while (!keeps(rate / good, goal)) {
      bad = good;
      good *= 2;
      if (good > MOST_REPLICAS) {
        return 0;
      }
    }
    while (good - bad > 1) {
      int middle = (good + bad) / 2;
      if (keeps(rate / middle, goal)) {
        good = middle;
      } else {
        bad = middle;
      }
    }
    return good;
  }
}
