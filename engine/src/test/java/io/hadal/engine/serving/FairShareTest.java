package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    assertThat(queue.work(PriorityClass.BATCH)).isEqualTo(9);
    queue.remove(a);
    assertThat(queue.removeIf(t -> t.request.tenant().equals("b"))).hasSize(1);
    assertThat(queue.work()).isEqualTo(4);
    assertThat(queue.counts()).containsOnly(Map.entry(PriorityClass.BATCH, 1));
  }
}
