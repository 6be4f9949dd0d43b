package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.NothingAllowedException;
import io.hadal.engine.constraint.TokenConstraint;
import io.hadal.engine.serving.DispatcherBusyException.Cause;
import io.hadal.engine.serving.GenerationEnd.Reason;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** When requests run, wait, are refused and end. */
class SchedulingTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static final TinyShape SHAPE = TinyShape.FIVE_HEADS;

  private final Engine engine =
      new Engine(MODELS.load(SHAPE), TinyModels.options().withThreads(1).withStepTokens(32));

  @AfterEach
  void close() {
    engine.close();
  }

  private Dispatcher dispatcher(int running, int waiting, int perTenant) {
    return new Dispatcher(
        engine, DispatcherOptions.defaults().withLimits(running, waiting, perTenant));
  }

  private static GenerationRequest request(int tokens, String tenant, PriorityClass priority) {
    return GenerationRequest.of(SHAPE.tokens(1, 8), tokens, tenant).toBuilder()
        .priority(priority)
        .build();
  }

  private static GenerationRequest request(int tokens) {
    return request(tokens, "a", PriorityClass.INTERACTIVE);
  }

  /** Holds the engine's thread until it is let go. */
  private static final class Brake implements GenerationListener {
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch letGo = new CountDownLatch(1);
    final CompletableFuture<GenerationEnd> end = new CompletableFuture<>();

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
      end.complete(how);
    }

    @Override
    public void onError(RuntimeException cause) {
      end.completeExceptionally(cause);
    }
  }

  private static Brake brake(Dispatcher dispatcher, GenerationRequest request) throws Exception {
    Brake brake = new Brake();
    dispatcher.submit(request, brake);
    brake.reached.await();
    return brake;
  }

  @Test
  void fullQueuesRefuse() throws Exception {
    try (Dispatcher dispatcher = dispatcher(1, 3, 2)) {
      Brake brake = brake(dispatcher, request(2));
      List<Recording> waiting = new ArrayList<>();
      waiting.add(Recording.submit(dispatcher, request(2)));
      waiting.add(Recording.submit(dispatcher, request(2)));
      refused(dispatcher, request(2), Cause.TENANT_QUEUE_FULL);
      waiting.add(Recording.submit(dispatcher, request(2, "b", PriorityClass.BATCH)));
      refused(dispatcher, request(2, "c", PriorityClass.FIM), Cause.QUEUE_FULL);
      assertThat(dispatcher.stats().waiting())
          .containsEntry(PriorityClass.INTERACTIVE, 2)
          .containsEntry(PriorityClass.BATCH, 1);
      assertThat(dispatcher.stats().refused()).isEqualTo(2);
      brake.letGo.countDown();
      for (Recording r : waiting) {
        assertThat(r.await().end().reason()).isEqualTo(Reason.LENGTH);
      }
    }
  }

  private static void refused(Dispatcher dispatcher, GenerationRequest request, Cause cause) {
    assertThatThrownBy(() -> Recording.submit(dispatcher, request))
        .isInstanceOfSatisfying(
            DispatcherBusyException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(cause);
              assertThat(e.retryAfterSeconds()).isPositive();
            });
  }

  @Test
  void aWaitBeyondTheClassIsRefusedWithTheTimeItWouldTake() throws Exception {
    try (Dispatcher dispatcher = dispatcher(1, 100_000, 100_000)) {
      Recording.of(dispatcher, request(60));
      Brake brake = brake(dispatcher, request(1));
      GenerationRequest large =
          GenerationRequest.of(SHAPE.tokens(1, 500), 400, "a").toBuilder()
              .priority(PriorityClass.FIM)
              .build();
      int taken = 0;
      DispatcherBusyException refusal = null;
      while (refusal == null && taken < 90_000) {
        try {
          Recording.submit(dispatcher, large);
          taken++;
        } catch (DispatcherBusyException e) {
          refusal = e;
        }
      }
      DispatcherBusyException refused = Objects.requireNonNull(refusal);
      assertThat(refused.reason()).isEqualTo(Cause.TOO_LONG_A_WAIT);
      assertThat(refused.retryAfterSeconds()).isBetween(1, 60);
      // A request of another class does not have to wait behind all of them.
      Recording.submit(dispatcher, request(1, "b", PriorityClass.BATCH));
      brake.letGo.countDown();
    }
  }

  @Test
  void drainingEndsThoseThatWaitAndLetsOthersFinish() throws Exception {
    try (Dispatcher dispatcher = dispatcher(1, 10, 10)) {
      Brake brake = brake(dispatcher, request(5));
      Recording waiting = Recording.submit(dispatcher, request(5));
      assertThat(dispatcher.drain(Duration.ofMillis(20))).isFalse();
      refused(dispatcher, request(5), Cause.DRAINING);
      brake.letGo.countDown();
      assertThat(dispatcher.drain(Duration.ofSeconds(60))).isTrue();
      assertThat(brake.end.get().reason()).isEqualTo(Reason.LENGTH);
      assertThat(brake.end.get().generatedTokens()).isEqualTo(5);
      assertThat(waiting.await().end().reason()).isEqualTo(Reason.SHUTDOWN);
      assertThat(waiting.end().generatedTokens()).isZero();
    }
  }

  @Test
  void waitingRequestsCanBeCancelledAndRunOutOfTime() throws Exception {
    try (Dispatcher dispatcher = dispatcher(1, 10, 10)) {
      Brake brake = brake(dispatcher, request(5));
      Recording cancelled = new Recording(2);
      dispatcher.submit(request(5).toBuilder().choices(2).build(), cancelled).cancel();
      Recording late =
          Recording.submit(
              dispatcher, request(5).toBuilder().timeLimit(Duration.ofMillis(1)).build());
      Thread.sleep(2);
      brake.letGo.countDown();
      assertThat(cancelled.await().ends.values())
          .extracting(GenerationEnd::reason)
          .containsExactly(Reason.CANCELLED, Reason.CANCELLED);
      assertThat(late.await().end().reason()).isEqualTo(Reason.TIME_LIMIT);
    }
  }

  @Test
  void aPersonTakesThePlaceOfABatchJob() throws Exception {
    GenerationRequest job = request(300, "a", PriorityClass.BATCH);
    List<Integer> expected;
    try (Dispatcher dispatcher = dispatcher(1, 10, 10)) {
      expected = Recording.of(dispatcher, job).answer();
      Recording slow = Recording.submit(dispatcher, job);
      slow.first.await();
      Recording fast = Recording.of(dispatcher, request(3, "b", PriorityClass.INTERACTIVE));
      assertThat(fast.end().reason()).isEqualTo(Reason.LENGTH);
      assertThat(slow.ends).isEmpty();
      assertThat(slow.await().answer()).isEqualTo(expected);
    }
  }

  @Test
  void pausedRequestsLeaveTheirPlaceAndGoOnLater() throws Exception {
    try (Dispatcher dispatcher = dispatcher(1, 10, 10)) {
      List<Integer> expected = Recording.of(dispatcher, request(100)).answer();
      Recording paused = new Recording(1);
      GenerationHandle handle = dispatcher.submit(request(100), paused);
      handle.pause();
      assertThat(Recording.of(dispatcher, request(100)).answer()).isEqualTo(expected);
      assertThat(paused.ends).isEmpty();
      handle.resume();
      assertThat(paused.await().answer()).isEqualTo(expected);
      Recording cancelled = new Recording(1);
      GenerationHandle other = dispatcher.submit(request(400), cancelled);
      other.pause();
      other.cancel();
      assertThat(cancelled.await().end().reason()).isEqualTo(Reason.CANCELLED);
    }
  }

  /** Allows some tokens at first, none at the end. */
  private record Rules(BitSet allowed, boolean mayEnd) implements TokenConstraint {
    @Override
    public void accept(int token) {}

    @Override
    public TokenConstraint fork() {
      return this;
    }
  }

  @Test
  void anAnswerThatIsCompleteAtOnceHasNoTokens() throws Exception {
    try (Dispatcher dispatcher = dispatcher(2, 10, 10)) {
      Recording r =
          Recording.of(
              dispatcher, request(5).toBuilder().constraint(new Rules(new BitSet(), true)).build());
      assertThat(r.end().reason()).isEqualTo(Reason.COMPLETE);
      assertThat(r.end().generatedTokens()).isZero();
      assertThat(dispatcher.stats().generatedTokens()).isZero();
    }
  }

  @Test
  void rulesThatAllowNothingFailTheirRequestOnly() throws Exception {
    try (Dispatcher dispatcher = dispatcher(2, 10, 10)) {
      Recording other = Recording.submit(dispatcher, request(20));
      Recording r =
          Recording.submit(
              dispatcher,
              request(5).toBuilder().constraint(new Rules(new BitSet(), false)).build());
      assertThat(r.failure())
          .isInstanceOf(NothingAllowedException.class)
          .hasMessageContaining("constraint")
          .hasMessageNotContaining("weights");
      assertThat(other.await().end().generatedTokens()).isEqualTo(20);
    }
  }
}
