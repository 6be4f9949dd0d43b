package io.hadal.engine.capacity;

import io.hadal.engine.serving.SimulatedServing;
import io.hadal.engine.serving.SimulatedServing.Machine;
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

  /** What requests see when this many come to one replica each second. */
  public CapacityEstimate at(double rate) {
    return CapacityEstimate.of(
        rate, SimulatedServing.run(machine, costs, workload.arrivals(rate, requests, seed)));
  }

  /** Most requests per second of one replica that keep a goal; 0 when none do. */
  public double mostPerSecond(CapacityGoal goal) {
    double good = 0;
    double bad = LEAST_RATE;
    while (goal.keptBy(at(bad))) {
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
      if (goal.keptBy(at(middle))) {
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
    while (!goal.keptBy(at(rate / good))) {
      bad = good;
      good *= 2;
      if (good > MOST_REPLICAS) {
        return 0;
      }
    }
    while (good - bad > 1) {
      int middle = (good + bad) / 2;
      if (goal.keptBy(at(rate / middle))) {
        good = middle;
      } else {
        bad = middle;
      }
    }
    return good;
  }
}
