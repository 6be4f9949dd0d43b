package io.hadal.engine.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.Engine;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherOptions;
import io.hadal.engine.serving.GenerationEnd;
import io.hadal.engine.serving.GenerationListener;
import io.hadal.engine.serving.GenerationRequest;
import io.hadal.engine.serving.PriorityClass;
import io.hadal.engine.serving.SimulatedRequest;
import io.hadal.engine.serving.SimulatedServing;
import io.hadal.engine.serving.SimulatedServing.Machine;
import io.hadal.engine.serving.SimulatedServing.Result;
import io.hadal.engine.serving.SimulatedServing.Run;
import io.hadal.engine.serving.StepTime;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import io.hadal.formats.FormatException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class CapacityTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static final TinyShape SHAPE = TinyShape.FIVE_HEADS;

  /** A millisecond for 10 prompt tokens, 20 for a step of answers. */
  private static final StepTime TIME =
      (prompts, before, answers, length) -> prompts * 1e5 + (answers > 0 ? 2e7 : 0);

  private static final Machine MACHINE =
      new Machine(
          DispatcherOptions.defaults().withTokenTarget(Duration.ofMillis(50)), 512, 0, 0, 0);
  private static final CapacityGoal GOAL = new CapacityGoal(1, 0.1, 0.001);

  private static CapacityPlanner planner(double cached) {
    Workload workload = Workload.typical(PriorityClass.INTERACTIVE, 1000, 100, cached, 1 << 20, 1);
    return new CapacityPlanner(MACHINE, TIME, workload, 300, 1);
  }

  @Test
  void theGridIsLinearBetweenPointsAndBeyond() {
    Grid grid =
        new Grid(new int[] {1, 11}, new int[] {0, 100}, new double[][] {{10, 20}, {110, 120}});
    assertThat(grid.at(1, 0)).isEqualTo(10);
    assertThat(grid.at(6, 50)).isCloseTo(65, within(1e-9));
    assertThat(grid.at(21, 200)).isCloseTo(230, within(1e-9));
    assertThat(grid.at(0, 0)).isEqualTo(1); // never nothing
    assertThat(new Grid(new int[] {1}, new int[] {0}, new double[][] {{7}}).at(50, 50))
        .isEqualTo(7);
  }

  @Test
  void moreRequestsNeedMoreReplicas() {
    CapacityPlanner planner = planner(0);
    double most = planner.mostPerSecond(GOAL);
    assertThat(most).isBetween(0.5, 10.0); // prompts alone take 0.1 s each
    assertThat(GOAL.keptBy(planner.at(most))).isTrue();
    assertThat(GOAL.keptBy(planner.at(most * 1.5))).isFalse();
    assertThat(planner.replicas(most, GOAL)).isEqualTo(1);
    assertThat(planner.replicas(most * 5, GOAL)).isBetween(5, 6);
    assertThat(planner.replicas(1, new CapacityGoal(1e-6, 1e-6, 0))).isZero();
    assertThat(planner.mostPerSecond(new CapacityGoal(1e-6, 1e-6, 0))).isZero();
    // 300 requests need half a minute at most, but no machine takes that many each second.
    double loose = planner.mostPerSecond(new CapacityGoal(100, 10, 0.001));
    assertThat(loose).isBetween(most, 10.0);
    // The same questions have the same answers.
    assertThat(planner.at(1)).isEqualTo(planner(0).at(1));
  }

  @Test
  void cachedPromptsAreCapacity() {
    double without = planner(0).mostPerSecond(GOAL);
    double with = planner(0.9).mostPerSecond(GOAL);
    assertThat(with).isGreaterThan(1.5 * without);
  }

  @Test
  void recordedRequests(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("requests.csv");
    Files.writeString(
        file,
        """
        class,tenant,prompt_tokens,cached_tokens,output_tokens
        agent,a,100,100,10
        FIM,b,50,0,0
        """);
    Workload workload = Workload.read(file);
    assertThat(workload.cached()).isCloseTo(99 / 150.0, within(1e-9));
    List<SimulatedRequest> requests = workload.arrivals(10, 2000, 5);
    assertThat(requests.getLast().seconds()).isBetween(180.0, 220.0);
    assertThat(requests).extracting(SimulatedRequest::output).containsOnly(10, 1);
    assertThat(workload.withCached(0.5).cached()).isCloseTo(0.5, within(1e-9));
    for (String bad :
        List.of(
            "",
            "a,b\n",
            "class,tenant,prompt_tokens,cached_tokens,output_tokens\n",
            "class,tenant,prompt_tokens,cached_tokens,output_tokens\nnobody,a,1,1,1\n",
            "class,tenant,prompt_tokens,cached_tokens,output_tokens\nfim,a,1,2,1\n")) {
      Files.writeString(file, bad);
      assertThatThrownBy(() -> Workload.read(file))
          .as(bad)
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("requests.csv");
    }
  }

  @Test
  void finerStepsServeAnswersEvenly() {
    // With a step that costs something by itself, short ones waste it and long ones hold answers
    // up.
    StepTime fixed = (prompts, before, answers, length) -> 5e6 + TIME.nanos(prompts, 0, answers, 0);
    Machine coarse =
        new Machine(
            DispatcherOptions.defaults().withTokenTarget(Duration.ofHours(1)), 512, 0, 0, 0);
    CapacityPlanner planner =
        new CapacityPlanner(
            coarse,
            fixed,
            Workload.typical(PriorityClass.INTERACTIVE, 1000, 100, 0, 1 << 20, 1),
            300,
            1);
    CapacityEstimate whole = planner.at(2);
    CapacityEstimate cut = planner.withStepTokens(64).at(2);
    assertThat(cut.perToken95()).isLessThan(0.95 * whole.perToken95());
    assertThat(cut.promptPerSecond()).isLessThanOrEqualTo(whole.promptPerSecond() * 1.001);
    assertThat(planner.withStepTokens(512).at(2)).isEqualTo(whole);
  }

  @Test
  void aTenantThatDoubles(@TempDir Path folder) throws Exception {
    StringBuilder text =
        new StringBuilder("class,tenant,prompt_tokens,cached_tokens,output_tokens\n");
    for (int i = 0; i < 100; i++) {
      text.append("interactive,").append(i % 2 == 0 ? "big" : "t" + i % 5).append(",1000,0,50\n");
    }
    Path file = Files.writeString(folder.resolve("requests.csv"), text);
    Workload workload = Workload.read(file);
    assertThat(workload.largestTenant()).isEqualTo("big");
    assertThat(workload.share("big")).isEqualTo(0.5);
    assertThat(workload.withTenant("big", 3).share("big")).isCloseTo(0.75, within(1e-9));
    assertThat(workload.withTenant("big", 0.5).share("big")).isCloseTo(1 / 3.0, within(1e-9));
    assertThat(workload.withTenant("big", 0).share("big")).isZero();
    assertThat(workload.withShare("t1", 0.4).share("t1")).isCloseTo(0.4, within(0.01));

    CapacityPlanner planner = new CapacityPlanner(MACHINE, TIME, workload, 300, 1);
    double rate = planner.mostPerSecond(GOAL);
    TenantGrowth growth = planner.growth(rate, 1, "big", 4, GOAL);
    assertThat(growth.rate()).isCloseTo(rate * 2.5, within(1e-9));
    assertThat(growth.replicas()).isBetween(2, 4);
    // Whoever sends more waits, not the others: that is what shares are for.
    assertThat(growth.tenantSees().firstToken95())
        .isGreaterThan(2 * growth.othersSee().firstToken95());
    TenantGrowth same = planner.growth(rate, 1, "big", 1, GOAL);
    assertThat(same.replicas()).isEqualTo(1);
    assertThat(same.othersSee().firstToken95()).isLessThan(growth.othersSee().firstToken95());
  }

  @Test
  void theCheapestMixOfReplicasAndAnUpstream(@TempDir Path folder) throws Exception {
    // Three quarters of the day's requests come between 8 and 10 o'clock.
    StringBuilder text =
        new StringBuilder("class,tenant,prompt_tokens,cached_tokens,output_tokens,time\n");
    for (int i = 0; i < 44 + 132; i++) {
      int hour = i < 132 ? 8 + i % 2 : (10 + i % 22) % 24;
      text.append("agent,a,1000,500,100,2026-11-%02dT%02d:30:00Z\n".formatted(1 + i % 28, hour));
    }
    Path file = Files.writeString(folder.resolve("requests.csv"), text);
    Workload workload = Workload.read(file);
    assertThat(workload.hours().get(8)).isCloseTo(9, within(1e-9));
    assertThat(workload.hours().get(3)).isCloseTo(3 / 11.0, within(1e-9));
    assertThat(workload.withCached(0).hours()).isEqualTo(workload.hours());
    // 500 * 2 + 500 * 0.2 + 100 * 10 USD for a million requests: 0.0021 USD each.
    CapacityMix.Price price = new CapacityMix.Price(2, 0.2, 10);
    // Mean 1.1/s: 0.3/s in quiet hours, 9.9/s in busy ones; a replica takes 1/s.
    List<CapacityMix> mixes = CapacityMix.all(workload, 1.1, 1, 1.5, price);
    assertThat(mixes).hasSize(11);
    assertThat(mixes.getFirst().perHour()).isCloseTo(1.1 * 3600 * 0.0021, within(1e-6));
    assertThat(mixes.getFirst().routed()).isCloseTo(1, within(1e-9));
    assertThat(mixes.get(1).routed()).isCloseTo(2 * 8.9 / (24 * 1.1), within(1e-9));
    assertThat(mixes.getLast().routed()).isZero();
    assertThat(mixes.getLast().perHour()).isEqualTo(15);
    // A request a second is 7.56 USD an hour: the first saves 8.6/24 of it, each further one 2/24.
    assertThat(CapacityMix.cheapest(mixes).replicas()).isEqualTo(1);
    assertThat(CapacityMix.cheapest(CapacityMix.all(workload, 1.1, 1, 9, price)).replicas())
        .isZero();
    assertThat(CapacityMix.cheapest(CapacityMix.all(workload, 1.1, 1, 0.1, price)).replicas())
        .isEqualTo(10);
    assertThat(CapacityMix.all(workload, 1.1, 0, 1, price)).hasSize(1);
    String blank = Files.readString(file).replaceFirst("\n", "\n\n");
    Files.writeString(file, blank.replace("2026-11", "soon"));
    assertThatThrownBy(() -> Workload.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("requests.csv:3");
  }

  private static CostTable measure(Engine engine, int repeats) throws InterruptedException {
    return new Calibration(engine, 512, 8, repeats, line -> {}).measure("tiny", "here", 1.5);
  }

  @Test
  void aCalibrationCanBeKept(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("costs.json");
    try (Engine engine =
        new Engine(MODELS.load(SHAPE), TinyModels.options().withThreads(1).withStepTokens(64))) {
      CostTable costs = measure(engine, 2);
      assertThat(costs.nanos(64, 0, 0, 0)).isGreaterThan(costs.nanos(1, 0, 0, 0));
      assertThat(engine.store().usedBytes()).isZero();
      Files.writeString(file, costs.json().toString());
      CostTable read = CostTable.read(file);
      assertThat(read.json().toString()).isEqualTo(costs.json().toString());
      assertThat(read.nanos(10, 5, 3, 9)).isCloseTo(costs.nanos(10, 5, 3, 9), within(5.0));
      assertThat(read.fingerprint()).isEqualTo(engine.model().fingerprint()).hasSize(64);
      assertThat(read.loadSeconds()).isEqualTo(1.5);
      assertThat(read.stepSizes()).containsExactly(32, 64);
    }
    String text = Files.readString(file);
    // Nothing would ever end in a simulation with it.
    Files.writeString(file, text.replaceFirst("\"nanos\":\\[\\[\\d+", "\"nanos\":[[1e999"));
    assertThatThrownBy(() -> CostTable.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("prefill: nanos");
    Files.writeString(file, text.replace("\"step_tokens\":64", "\"step\":1"));
    assertThatThrownBy(() -> CostTable.read(file)).isInstanceOf(FormatException.class);
  }

  /** Simulated and real: seconds to the first token of 95 %, and tokens a second. */
  private record Pair(double simulated95, double real95, double simulatedRate, double realRate) {}

  /**
   * Serves requests for real and in virtual time, at the same moments.
   *
   * @param load part of what can be served; more than 1 for all at once
   */
  private static Pair both(int count, double load) throws Exception {
    DispatcherOptions options =
        DispatcherOptions.defaults()
            .withLimits(8, 1000, 1000)
            .withPrefixMemory(0, 512)
            .withSpeculation(false);
    try (Engine engine =
        new Engine(MODELS.load(SHAPE), TinyModels.options().withThreads(1).withStepTokens(64))) {
      measure(engine, 20); // until kernels are compiled
      CostTable costs = measure(engine, 9);
      Machine machine = costs.machine(options);
      Workload workload = Workload.typical(PriorityClass.INTERACTIVE, 120, 30, 0, 400, 2);
      double most =
          count / SimulatedServing.run(machine, costs, workload.arrivals(1e6, count, 3)).seconds();
      List<SimulatedRequest> requests = workload.arrivals(load > 1 ? 1e6 : most * load, count, 4);
      Run run = SimulatedServing.run(machine, costs, requests);
      double[] simulated =
          run.results().stream().mapToDouble(Result::firstToken).sorted().toArray();
      double[] real = new double[count];
      CountDownLatch all = new CountDownLatch(count);
      long start;
      try (Dispatcher dispatcher = new Dispatcher(engine, options)) {
        start = System.nanoTime();
        for (int i = 0; i < count; i++) {
          SimulatedRequest request = requests.get(i);
          long wait = start + Math.round(request.seconds() * 1e9) - System.nanoTime();
          if (wait > 0) {
            Thread.sleep(Duration.ofNanos(wait));
          }
          int which = i;
          dispatcher.submit(
              GenerationRequest.of(
                  SHAPE.tokens(i, request.prompt()), request.output(), request.tenant()),
              new GenerationListener() {
                @Override
                public void onToken(int c, int id, double logprob, List<TokenLogprob> top) {}

                @Override
                public void onEnd(int choice, GenerationEnd end) {
                  real[which] = (end.queued().toNanos() + end.prefill().toNanos()) / 1e9;
                  all.countDown();
                }

                @Override
                public void onError(RuntimeException cause) {
                  all.countDown();
                }
              });
        }
        all.await();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      Arrays.sort(real);
      int p95 = (int) (count * 0.95);
      return new Pair(
          simulated[p95],
          real[p95],
          run.generatedTokens() / run.seconds(),
          run.generatedTokens() / seconds);
    }
  }

  @Test
  void theSimulationIsLikeTheMachine() throws Exception {
    Pair pair = both(60, 0.5);
    // Other work may go on here; the exact comparison is below.
    assertThat(pair.realRate).isBetween(pair.simulatedRate / 3, pair.simulatedRate * 3);
  }

  @Test
  @EnabledIfSystemProperty(named = "hadal.soak", matches = "true")
  void theSimulationIsWithinFifteenPercent() throws Exception {
    Pair full = both(600, 2);
    System.out.println("all at once: " + full);
    Pair half = both(600, 0.6);
    System.out.println("at 60 %: " + half);
    assertThat(full.simulatedRate).isCloseTo(full.realRate, within(full.realRate * 0.15));
    assertThat(full.simulated95).isCloseTo(full.real95, within(full.real95 * 0.15));
    assertThat(half.simulated95).isCloseTo(half.real95, within(half.real95 * 0.15));
    assertThat(half.simulatedRate).isCloseTo(half.realRate, within(half.realRate * 0.15));
  }
}
