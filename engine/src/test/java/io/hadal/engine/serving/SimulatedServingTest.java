package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.Engine;
import io.hadal.engine.serving.SimulatedServing.End;
import io.hadal.engine.serving.SimulatedServing.Machine;
import io.hadal.engine.serving.SimulatedServing.Result;
import io.hadal.engine.serving.SimulatedServing.Run;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SimulatedServingTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static final TinyShape SHAPE = TinyShape.FIVE_HEADS;
  private static final int STEP = 32;
  private static final int COUNT = 24;

  private static DispatcherOptions options(int running) {
    return DispatcherOptions.defaults()
        .withLimits(running, 100, 100)
        .withTokenTarget(Duration.ofSeconds(10))
        .withPrefixMemory(0, 512)
        .withSpeculation(false);
  }

  private static Machine machine(int running) {
    return new Machine(options(running), STEP, 0, 0, 0);
  }

  private static SimulatedRequest at(double seconds, int prompt, int output) {
    return new SimulatedRequest(seconds, PriorityClass.INTERACTIVE, "a", prompt, 0, output);
  }

  @Test
  void timesAreThoseOfTheSteps() {
    // A millisecond for each prompt token, five for each step of answers.
    StepTime time = (prompts, before, answers, length) -> prompts * 1e6 + (answers > 0 ? 5e6 : 0);
    Run run = SimulatedServing.run(machine(1), time, List.of(at(1, 100, 11), at(1.05, 10, 1)));
    Result first = run.results().get(0);
    assertThat(first.firstToken()).isCloseTo(0.1, within(1e-9));
    assertThat(first.perToken()).isCloseTo(0.005, within(1e-9));
    assertThat(first.ended()).isCloseTo(1.15, within(1e-9));
    Result second = run.results().get(1);
    assertThat(second.queued()).isCloseTo(0.1, within(1e-9));
    assertThat(second.ended()).isCloseTo(1.16, within(1e-9));
    assertThat(run.busySeconds()).isCloseTo(0.16, within(1e-9));
    assertThat(run.promptTokens()).isEqualTo(110);
    assertThat(run.generatedTokens()).isEqualTo(12);
    assertThat(run.steps()).isEqualTo(4 + 10 + 1);
  }

  @Test
  void whatIsCachedIsNotComputed() {
    StepTime time = (prompts, before, answers, length) -> prompts * 1e6 + before * 1e3;
    SimulatedRequest request = new SimulatedRequest(0, PriorityClass.AGENT, "a", 100, 90, 1);
    Result result = SimulatedServing.run(machine(1), time, List.of(request)).results().getFirst();
    assertThat(result.firstToken()).isCloseTo(0.01 + 90e-6, within(1e-9));
  }

  @Test
  void whoWaitsTooLongIsRefusedOrGivenUp() {
    StepTime slow = (prompts, before, answers, length) -> 1e9;
    List<SimulatedRequest> requests = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      requests.add(new SimulatedRequest(i * 0.01, PriorityClass.FIM, "t" + i % 4, 8, 0, 4));
    }
    Run run = SimulatedServing.run(machine(1), slow, requests);
    assertThat(run.results()).hasSize(300);
    assertThat(run.results()).anyMatch(r -> r.end() == End.REFUSED);
    assertThat(run.results()).anyMatch(r -> r.end() == End.GIVEN_UP);
    assertThat(run.results()).filteredOn(r -> r.end() == End.DONE).isNotEmpty();
  }

  @Test
  void noMoreRunThanMemoryHolds() {
    StepTime time = (prompts, before, answers, length) -> 1e6;
    Machine tight = new Machine(options(8), STEP, 0, 1, 170);
    List<SimulatedRequest> requests = IntStream.range(0, 4).mapToObj(i -> at(0, 100, 20)).toList();
    Run alone = SimulatedServing.run(tight, time, requests);
    Run together = SimulatedServing.run(machine(8), time, requests);
    assertThat(alone.steps()).isGreaterThan(together.steps());
  }

  /** Tells when the first of its tokens has come, and waits there. */
  private static final class Brake implements GenerationListener {
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch letGo = new CountDownLatch(1);
    final Runnable ended;

    Brake(Runnable ended) {
      this.ended = ended;
    }

    @Override
    public void onToken(int choice, int id, double logprob, List<TokenLogprob> top) {
      reached.countDown();
      try {
        letGo.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void onEnd(int choice, GenerationEnd how) {
      ended.run();
    }

    @Override
    public void onError(RuntimeException cause) {
      ended.run();
    }
  }

  @Test
  void requestsEndInTheOrderOfTheRealDispatcher() throws Exception {
    SplittableRandom random = new SplittableRandom(3);
    // Those that do not give up before a slow machine comes to them.
    PriorityClass[] classes = {
      PriorityClass.INTERACTIVE, PriorityClass.AGENT, PriorityClass.BATCH, PriorityClass.SHADOW
    };
    List<SimulatedRequest> requests = new ArrayList<>();
    requests.add(new SimulatedRequest(0, PriorityClass.INTERACTIVE, "z", 8, 0, 2));
    for (int i = 1; i < COUNT; i++) {
      requests.add(
          new SimulatedRequest(
              1e-9,
              classes[random.nextInt(classes.length)],
              "t" + random.nextInt(3),
              4 + random.nextInt(60),
              0,
              1 + random.nextInt(10)));
    }
    List<Integer> real = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch all = new CountDownLatch(requests.size());
    try (Engine engine =
            new Engine(
                MODELS.load(SHAPE), TinyModels.options().withThreads(1).withStepTokens(STEP));
        Dispatcher dispatcher = new Dispatcher(engine, options(3))) {
      Brake first = null;
      for (int i = 0; i < requests.size(); i++) {
        SimulatedRequest request = requests.get(i);
        int which = i;
        Brake listener =
            new Brake(
                () -> {
                  real.add(which);
                  all.countDown();
                });
        dispatcher.submit(
            GenerationRequest.of(
                    SHAPE.tokens(i, request.prompt()), request.output(), request.tenant())
                .toBuilder()
                .priority(request.priority())
                .build(),
            listener);
        if (first == null) {
          first = listener;
          first.reached.await();
        } else {
          listener.letGo.countDown();
        }
      }
      if (first != null) {
        first.letGo.countDown();
      }
      all.await();
    }
    Run run = SimulatedServing.run(machine(3), (prompts, before, answers, length) -> 1e6, requests);
    List<Integer> simulated =
        run.results().stream()
            .map(r -> IntStream.range(0, COUNT).filter(i -> requests.get(i) == r.request()).sum())
            .toList();
    assertThat(simulated).isEqualTo(real);
  }
}
