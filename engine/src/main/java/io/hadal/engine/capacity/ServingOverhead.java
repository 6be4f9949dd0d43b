package io.hadal.engine.capacity;

import io.hadal.engine.Engine;
import io.hadal.engine.serving.Dispatcher;
import io.hadal.engine.serving.DispatcherBusyException;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * What a dispatcher adds to steps, by serving requests with it and in virtual time: choosing tokens
 * and handing them out, putting steps together. One request at a time shows it for a step with one
 * answer, many at once for more answers.
 *
 * @param step nanoseconds of each step
 * @param answer nanoseconds more for each answer of it
 */
record ServingOverhead(double step, double answer) {
  static final ServingOverhead NONE = new ServingOverhead(0, 0);

  private static final int MOST_TOKENS = 16;
  private static final int ROUNDS = 4;

  /**
   * Measures it.
   *
   * @param costs of steps alone
   * @param places most answers at once
   * @param repeats requests that are served one by one
   * @param prompt its beginning is what is asked
   */
  static ServingOverhead measure(
      Engine engine, CostTable costs, int places, int repeats, int[] prompt)
      throws InterruptedException {
    DispatcherOptions options =
        DispatcherOptions.defaults()
            .withLimits(places, 1 << 20, 1 << 20)
            .withPrefixMemory(0, 512)
            .withSpeculation(false);
    int tokens = Math.clamp(engine.options().context() / 4, 2, MOST_TOKENS);
    GenerationRequest request =
        new GenerationRequest.Builder(
                Arrays.copyOf(prompt, Math.min(prompt.length, tokens)), tokens, "")
            .priority(PriorityClass.BATCH)
            .build();
    try (Dispatcher dispatcher = new Dispatcher(engine, options)) {
      serve(dispatcher, request, ROUNDS * places);
      double together = serve(dispatcher, request, ROUNDS * places);
      double alone = 0;
      for (int i = 0; i < repeats; i++) {
        alone += serve(dispatcher, request, 1);
      }
      Machine machine = new Machine(options, costs.stepTokens(), 0, 0, 0);
      Run one = simulate(machine, costs, request, 1);
      Run many = simulate(machine, costs, request, ROUNDS * places);
      return of(one, alone / repeats - 1e9 * last(one), many, together - 1e9 * last(many));
    }
  }

  private static double last(Run run) {
    return run.results().stream().mapToDouble(Result::ended).max().orElse(0);
  }

  /** From the time that was longer than simulated, for one request and for many. */
  private static ServingOverhead of(Run one, double alone, Run many, double together) {
    // Nearly all steps of one request have one answer.
    double first = Math.max(0, alone / one.steps());
    double more = (together - many.steps() * first) / (many.generatedTokens() - many.steps());
    return many.generatedTokens() <= many.steps() || !(more > 0)
        ? new ServingOverhead(first, 0)
        : new ServingOverhead(Math.max(0, first - more), Math.min(more, first));
  }

  private static Run simulate(
      Machine machine, CostTable costs, GenerationRequest request, int count) {
    List<SimulatedRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requests.add(
          new SimulatedRequest(
              0, request.priority(), "", request.prompt().length, 0, request.maxTokens()));
    }
    return SimulatedServing.run(machine, costs, requests);
  }

  /** Serves so many requests; returns the nanoseconds it took. */
  private static double serve(Dispatcher dispatcher, GenerationRequest request, int count)
      throws InterruptedException {
    List<CompletableFuture<Boolean>> all = new ArrayList<>();
    long start = System.nanoTime();
    try {
      for (int i = 0; i < count; i++) {
        CompletableFuture<Boolean> one = new CompletableFuture<>();
        all.add(one);
        dispatcher.submit(request, listener(one));
      }
      for (CompletableFuture<Boolean> one : all) {
        one.get();
      }
    } catch (DispatcherBusyException | ExecutionException e) {
      throw new IllegalStateException("a request of the calibration was not served", e);
    }
    return System.nanoTime() - start;
  }

  private static GenerationListener listener(CompletableFuture<Boolean> ended) {
    return new GenerationListener() {
      @Override
      public void onToken(int choice, int id, double logprob, List<TokenLogprob> top) {}

      @Override
      public void onEnd(int choice, GenerationEnd end) {
        ended.complete(true);
      }

      @Override
      public void onError(RuntimeException cause) {
        ended.completeExceptionally(cause);
      }
    };
  }
}
