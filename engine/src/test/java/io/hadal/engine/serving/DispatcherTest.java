package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.engine.Engine;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.Generator;
import io.hadal.engine.Sampler;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.serving.GenerationEnd.Reason;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests give what the engine alone gives, and end as they should. */
class DispatcherTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static final TinyShape SHAPE = TinyShape.FIVE_HEADS;

  private static Engine engine() {
    return new Engine(MODELS.load(SHAPE), TinyModels.options());
  }

  private static List<Integer> alone(Engine engine, int[] prompt, SamplingOptions sampling, int n) {
    try (Session session = engine.newSession()) {
      session.append(prompt);
      return new Generator(engine, session, new GenerationOptions(n, sampling, Set.of(), false))
          .run((id, logits) -> true)
          .tokens();
    }
  }

  @Test
  void answersAreThoseOfTheEngineAlone() throws Exception {
    int[] prompt = SHAPE.tokens(1, 50);
    SamplingOptions sampling = new SamplingOptions(0.9, 0.95, 0, 7);
    try (Engine engine = engine();
        Dispatcher dispatcher = new Dispatcher(engine, DispatcherOptions.defaults())) {
      GenerationRequest request = GenerationRequest.of(prompt, 20, "a");
      Recording greedy = Recording.of(dispatcher, request);
      Recording sampled =
          Recording.of(dispatcher, request.toBuilder().sampling(sampling).choices(3).build());
      assertThat(greedy.end().reason()).isEqualTo(Reason.LENGTH);
      assertThat(greedy.end().generatedTokens()).isEqualTo(20);
      assertThat(greedy.answer()).isEqualTo(alone(engine, prompt, SamplingOptions.greedy(), 20));
      for (int i = 0; i < 3; i++) {
        assertThat(sampled.tokens.get(i))
            .isEqualTo(alone(engine, prompt, sampling.withSeed(7 + i), 20));
      }
      assertThat(sampled.tokens.get(0)).isNotEqualTo(sampled.tokens.get(1));
    }
  }

  @Test
  void logprobsAreThoseOfTheUnchangedDistribution() throws Exception {
    int[] prompt = SHAPE.tokens(2, 9);
    try (Engine engine = engine();
        Dispatcher dispatcher = new Dispatcher(engine, DispatcherOptions.defaults());
        Session session = engine.newSession()) {
      float[] logits = session.append(prompt);
      Recording r =
          Recording.of(
              dispatcher,
              GenerationRequest.of(prompt, 1, "a").toBuilder()
                  .sampling(new SamplingOptions(2, 1, 0, 3))
                  .topLogprobs(5)
                  .build());
      int id = r.answer().getFirst();
      assertThat(r.logprobs.get(0)).containsExactly(Sampler.logProbability(logits, id));
      var top = r.tops.getFirst();
      assertThat(top).hasSize(5);
      assertThat(top.getFirst().id()).isEqualTo(Sampler.argmax(logits));
      for (int i = 0; i < 5; i++) {
        assertThat(top.get(i).logprob()).isEqualTo(Sampler.logProbability(logits, top.get(i).id()));
        assertThat(i == 0 || top.get(i - 1).logprob() >= top.get(i).logprob()).isTrue();
      }
      double fifth = top.get(4).logprob();
      long above = 0;
      for (int i = 0; i < logits.length; i++) {
        above += Sampler.logProbability(logits, i) > fifth ? 1 : 0;
      }
      assertThat(above).isLessThan(5);
    }
  }

  @Test
  void aStopTokenEndsTheAnswerAndIsNotReported() throws Exception {
    int[] prompt = SHAPE.tokens(3, 20);
    try (Engine engine = engine();
        Dispatcher dispatcher = new Dispatcher(engine, DispatcherOptions.defaults())) {
      GenerationRequest request =
          GenerationRequest.of(prompt, 30, "a").toBuilder()
              .sampling(new SamplingOptions(1, 1, 0, 1))
              .build();
      List<Integer> free = Recording.of(dispatcher, request).answer();
      int stop = free.get(10);
      Recording r = Recording.of(dispatcher, request.toBuilder().stopIds(Set.of(stop)).build());
      int at = free.indexOf(stop);
      assertThat(r.answer()).isEqualTo(free.subList(0, at));
      assertThat(r.end().reason()).isEqualTo(Reason.STOP);
      assertThat(r.end().stopId()).isEqualTo(stop);
      assertThat(r.end().generatedTokens()).isEqualTo(at + 1);
    }
  }

  @Test
  void impossibleRequestsAreRefusedAtOnce() {
    try (Engine engine = engine();
        Dispatcher dispatcher = new Dispatcher(engine, DispatcherOptions.defaults())) {
      assertThatThrownBy(
              () -> Recording.submit(dispatcher, GenerationRequest.of(new int[] {97}, 5, "a")))
          .hasMessageContaining("outside the vocabulary");
      assertThatThrownBy(
              () -> Recording.submit(dispatcher, GenerationRequest.of(new int[512], 5, "a")))
          .hasMessageContaining("context");
    }
  }

  @Test
  void cancelledRequestsAndClosedDispatchersEnd() throws Exception {
    try (Engine engine = engine()) {
      Dispatcher dispatcher = new Dispatcher(engine, DispatcherOptions.defaults());
      Recording running = new Recording(1);
      GenerationHandle handle =
          dispatcher.submit(GenerationRequest.of(SHAPE.tokens(1, 4), 500, "a"), running);
      running.first.await();
      handle.cancel();
      assertThat(running.await().end().reason()).isEqualTo(Reason.CANCELLED);
      Recording other =
          Recording.submit(dispatcher, GenerationRequest.of(SHAPE.tokens(1, 4), 500, "a"));
      other.first.await();
      dispatcher.close();
      assertThat(other.await().end().reason()).isEqualTo(Reason.SHUTDOWN);
      assertThatThrownBy(
              () -> Recording.submit(dispatcher, GenerationRequest.of(new int[4], 5, "a")))
          .isInstanceOf(DispatcherBusyException.class);
      assertThat(engine.store().usedBytes()).isZero();
    }
  }
}
