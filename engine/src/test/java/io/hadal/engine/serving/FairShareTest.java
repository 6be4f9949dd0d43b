package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who gets the next place, without an engine. */
class FairShareTest {
  private final FairShare share = new FairShare();
  private final WaitingQueue queue = new WaitingQueue();
  private long ids;

  private Ticket add(String tenant, PriorityClass priority, double work) {
    GenerationRequest request =
        GenerationRequest.of(new int[] {1}, 1, tenant).toBuilder().priority(priority).build();
    Ticket ticket = new Ticket(ids++, 0, request, new Recording(1), work, () -> {});
    share.enter(ticket);
    queue.add(ticket);
    return ticket;
  }

  /** Serves a request to its end. */
  private Ticket serve() {
    Ticket first = Objects.requireNonNull(queue.first(share.placing()));
    queue.remove(first);
    share.reserve(first, first.expectedWork);
    share.charge(first, first.expectedWork);
    share.leave(first);
    return first;
  }

  @Test
  void aGreedyTenantLeavesTheOthersTheirShare() {
    for (int i = 0; i < 1000; i++) {
      add("greedy", PriorityClass.INTERACTIVE, 10);
    }
    for (int t = 0; t < 9; t++) {
      for (int i = 0; i < 20; i++) {
        add("polite" + t, PriorityClass.INTERACTIVE, 10);
      }
    }
    Map<String, Integer> served = new HashMap<>();
    for (int i = 0; i < 100; i++) {
      served.merge(serve().request.tenant(), 1, Integer::sum);
    }
    assertThat(served).hasSize(10);
    assertThat(served.values()).allSatisfy(n -> assertThat(n).isBetween(9, 11));
  }

  @Test
  void workCountsNotRequests() {
    for (int i = 0; i < 100; i++) {
      add("long", PriorityClass.AGENT, 90);
      add("short", PriorityClass.AGENT, 10);
    }
    Map<String, Integer> served = new HashMap<>();
    for (int i = 0; i < 60; i++) {
      served.merge(serve().request.tenant(), 1, Integer::sum);
    }
    int large = served.getOrDefault("long", 0);
    assertThat(served.get("short")).isBetween(8 * large, 10 * large);
  }

  @Test
  void classesGetTheirWeightsAndNoneStarves() {
    for (int i = 0; i < 900; i++) {
      add("a", PriorityClass.BATCH, 1);
      add("a", PriorityClass.INTERACTIVE, 1);
    }
    Map<PriorityClass, Integer> served = new HashMap<>();
    for (int i = 0; i < 900; i++) {
      served.merge(serve().request.priority(), 1, Integer::sum);
    }
    assertThat(served.get(PriorityClass.INTERACTIVE)).isBetween(790, 810);
    assertThat(served.get(PriorityClass.BATCH)).isBetween(90, 110);
  }

  @Test
  void nobodySavesUpWhileIdle() {
    add("late", PriorityClass.BATCH, 1);
    serve();
    for (int i = 0; i < 500; i++) {
      add("early", PriorityClass.BATCH, 1);
    }
    for (int i = 0; i < 200; i++) {
      serve();
    }
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      add("late", PriorityClass.BATCH, 1);
    }
    for (int i = 0; i < 40; i++) {
      order.add(serve().request.tenant());
    }
    assertThat(order.stream().filter("late"::equals).count()).isBetween(19L, 21L);
  }

  @Test
  void aLargerWeightTakesAPlaceOnlyUpToItsShare() {
    Ticket slow = add("a", PriorityClass.BATCH, 100);
    share.charge(slow, 50);
    Ticket person = add("b", PriorityClass.INTERACTIVE, 100);
    assertThat(share.outranks(person, slow)).isTrue();
    assertThat(share.outranks(slow, person)).isFalse();
    share.charge(person, 16);
    assertThat(share.outranks(person, slow)).isFalse();
    share.charge(slow, 2);
    assertThat(share.outranks(person, slow)).isTrue();
  }

  @Test
  void theQueueCountsWhatItHolds() {
    Ticket a = add("a", PriorityClass.FIM, 3);
    add("a", PriorityClass.BATCH, 4);
    add("b", PriorityClass.BATCH, 5);
    assertThat(queue.size()).isEqualTo(3);
    assertThat(queue.size("a")).isEqualTo(2);
    assertThat(queue.ahead(PriorityClass.BATCH, "c", 3)).isEqualTo(3 + 3 + 3);
    queue.remove(a);
    assertThat(queue.removeIf(t -> t.request.tenant().equals("b"))).hasSize(1);
    assertThat(queue.work()).isEqualTo(4);
    assertThat(queue.counts()).containsOnly(Map.entry(PriorityClass.BATCH, 1));
  }

  private DispatcherBusyException.@Nullable Cause refused(
      String tenant, int waiting, @Nullable FirstTokenPromise promise, double margin) {
    GenerationRequest request =
        GenerationRequest.of(new int[10], 5, tenant).toBuilder().promise(promise).build();
    Admission.Refusal refusal =
        Admission.refuse(
            request,
            20,
            queue,
            DispatcherOptions.defaults().withLimits(4, waiting, waiting),
            new RunningBatch.Figures(4, 100, 5, 0),
            margin);
    return refusal == null ? null : refusal.cause();
  }

  @Test
  void nobodyIsRefusedForTheQueueOfAnother() {
    for (int i = 0; i < 56; i++) {
      add("greedy", PriorityClass.INTERACTIVE, 200);
    }
    // It would wait for 112 s, and the queue of 64 has but an eighth left.
    assertThat(refused("greedy", 64, null, 1)).isEqualTo(DispatcherBusyException.Cause.QUEUE_FULL);
    assertThat(refused("greedy", 640, null, 1))
        .isEqualTo(DispatcherBusyException.Cause.TOO_LONG_A_WAIT);
    assertThat(refused("polite", 64, null, 1)).isNull();
    for (int i = 0; i < 8; i++) {
      assertThat(refused("polite" + i, 64, null, 1)).isNull();
      add("polite" + i, PriorityClass.INTERACTIVE, 20);
    }
    assertThat(refused("polite", 64, null, 1)).isEqualTo(DispatcherBusyException.Cause.QUEUE_FULL);
  }

  @Test
  void aPromiseIsKeptByThoseWhoAreRefused() {
    FirstTokenPromise promise = new FirstTokenPromise(0.5, 100, 0.95);
    // A prompt of 10 tokens has a second and a half; 100 units of work are done in a second.
    assertThat(refused("a", 64, new FirstTokenPromise(0.01, 0, 0.95), 1)).isNull();
    add("a", PriorityClass.INTERACTIVE, 100);
    assertThat(refused("a", 64, promise, 1)).isNull();
    assertThat(refused("a", 64, promise, 2))
        .isEqualTo(DispatcherBusyException.Cause.TOO_LONG_A_WAIT);
    add("a", PriorityClass.INTERACTIVE, 100);
    assertThat(refused("a", 64, promise, 1))
        .isEqualTo(DispatcherBusyException.Cause.TOO_LONG_A_WAIT);
    // What the other has in the queue comes behind what this one has not.
    assertThat(refused("b", 64, promise, 2)).isNull();
    assertThat(refused("a", 64, null, 1)).isNull();
  }

  @Test
  void aPromiseHoldsAtThreeTimesTheCapacity() {
    // 10 ms for a prompt of 40 tokens beside answers, and one step in fifty is a long one.
    SplittableRandom random = new SplittableRandom(3);
    StepTime time =
        (prompts, before, answers, length) ->
            (prompts * 1.5e5 + (answers > 0 ? 4e6 : 0))
                * (0.5 + random.nextDouble())
                * (random.nextInt(50) == 0 ? 8 : 1);
    SimulatedServing.Machine machine =
        new SimulatedServing.Machine(
            DispatcherOptions.defaults().withLimits(4, 480, 120).withPrefixMemory(0, 512),
            512,
            0,
            0,
            0);
    // Some 40 requests a second are served.
    List<SimulatedRequest> requests = new ArrayList<>();
    double at = 0;
    for (int i = 0; i < 12_000; i++) {
      at -= Math.log(1 - random.nextDouble()) / 120;
      requests.add(
          new SimulatedRequest(at, PriorityClass.INTERACTIVE, "t" + random.nextInt(5), 40, 0, 8));
    }
    SimulatedServing.Run run =
        SimulatedServing.run(machine, time, requests, new FirstTokenPromise(1, 0, 0.95));
    List<SimulatedServing.Result> served =
        run.results().stream().filter(r -> r.end() == SimulatedServing.End.DONE).toList();
    long inTime = served.stream().filter(r -> r.firstToken() <= 1).count();
    assertThat((double) inTime).isGreaterThan(0.95 * served.size());
    // Nobody is refused whom there would have been time for.
    assertThat(run.busySeconds()).isGreaterThan(0.99 * run.seconds());
  }
}
