package io.hadal.engine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.Engine;
import io.hadal.engine.TextEmbedding;
import io.hadal.engine.tiny.TinyModels;
import io.hadal.engine.tiny.TinyShape;
import io.hadal.model.Model;
import io.hadal.model.Probe;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Vectors of texts are means of final hidden states, however they were computed. */
class EmbeddingTest {
  @RegisterExtension static final TinyModels MODELS = new TinyModels();

  private static final TinyShape SHAPE = TinyShape.FIVE_HEADS;

  private static float[] inPieces(Engine engine, int[] tokens, int piece) {
    try (TextEmbedding embedding = new TextEmbedding(engine, tokens)) {
      while (!embedding.advance(piece)) {
        assertThatThrownBy(embedding::vector).isInstanceOf(IllegalStateException.class);
      }
      return embedding.vector();
    }
  }

  @Test
  void theVectorIsTheMeanOfTheFinalStatesScaledToLengthOne() {
    int[] tokens = SHAPE.tokens(1, 30);
    Model model = MODELS.load(SHAPE);
    int layers = model.config().layers().size();
    int hidden = model.config().hiddenSize();
    double[] sum = new double[hidden];
    Probe probe =
        (layer, name, values, rows, width) -> {
          if (layer == layers && name.equals("final_norm")) {
            for (int i = 0; i < rows * width; i++) {
              sum[i % width] += values[i];
            }
          }
        };
    try (Engine engine = new Engine(model, TinyModels.options(), probe)) {
      float[] vector = inPieces(engine, tokens, tokens.length);
      double length = Math.sqrt(Arrays.stream(sum).map(v -> v * v).sum());
      for (int i = 0; i < hidden; i++) {
        assertThat((double) vector[i]).isCloseTo(sum[i] / length, within(1e-6));
      }
      for (int piece : new int[] {1, 7, 29}) {
        assertThat(inPieces(engine, tokens, piece)).isEqualTo(vector);
      }
    }
  }

  @Test
  void theDispatcherComputesThemBetweenAnswers() throws Exception {
    int[] tokens = SHAPE.tokens(2, 90);
    try (Engine engine = new Engine(MODELS.load(SHAPE), TinyModels.options())) {
      float[] alone = inPieces(engine, tokens, tokens.length);
      long free = engine.store().usedBytes();
      Dispatcher dispatcher =
          new Dispatcher(engine, DispatcherOptions.defaults().withPrefixMemory(0, 512));
      Recording answer =
          Recording.submit(dispatcher, GenerationRequest.of(SHAPE.tokens(3, 20), 30, "a"));
      CompletableFuture<float[]> first = dispatcher.embed(tokens);
      CompletableFuture<float[]> dropped = dispatcher.embed(SHAPE.tokens(4, 90));
      dropped.cancel(false);
      CompletableFuture<float[]> second = dispatcher.embed(tokens);
      assertThat(first.get()).isEqualTo(alone);
      assertThat(second.get()).isEqualTo(alone);
      assertThat(dispatcher.drain(Duration.ofSeconds(30))).isTrue();
      assertThat(answer.await().answer()).hasSize(30);
      assertThat(engine.store().usedBytes()).isEqualTo(free);
      assertThatThrownBy(() -> dispatcher.embed(tokens))
          .isInstanceOf(DispatcherBusyException.class);
      dispatcher.close();
    }
  }

  @Test
  void whatCannotBeComputedFails() throws Exception {
    try (Engine engine = new Engine(MODELS.load(SHAPE), TinyModels.options())) {
      Dispatcher dispatcher = new Dispatcher(engine, DispatcherOptions.defaults());
      assertThatThrownBy(() -> dispatcher.embed(new int[0]))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> dispatcher.embed(new int[] {1 << 30}))
          .isInstanceOf(IllegalArgumentException.class);
      CompletableFuture<float[]> late = dispatcher.embed(SHAPE.tokens(5, 90));
      for (int i = 0; i < 50; i++) {
        late = dispatcher.embed(SHAPE.tokens(5, 90));
      }
      dispatcher.close();
      assertThatThrownBy(late::get).isInstanceOf(CancellationException.class);
    }
  }
}
