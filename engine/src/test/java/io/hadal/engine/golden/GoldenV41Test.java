package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.engine.golden.GoldenModel.Prompt;
import io.hadal.model.Model;
import io.hadal.model.engram.EngramIndex;
import io.hadal.model.forward.BlockProposal;
import io.hadal.model.weights.EngramMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** DeepSeek-V4.1 in exact arithmetic against the released algorithm's outputs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GoldenV41Test {
  private static final GoldenModel GOLDEN = GoldenModel.V41;
  private static final double CONFIDENCE_LIMIT = 1e-3;

  private Model model;
  private Engine engine;

  @BeforeAll
  void open() {
    model = GOLDEN.load();
    engine =
        new Engine(
            model,
            EngineOptions.defaults()
                .withContext(512)
                .withStepTokens(512)
                .withDrafting(true)
                .withPlainImageIds(true));
  }

  @AfterAll
  void close() {
    engine.close();
    model.close();
  }

  @Test
  void logitsOfEveryPrompt() {
    for (Prompt p : GOLDEN.prompts("prompts")) {
      try (Session session = engine.newSession()) {
        Rows.near(GOLDEN, p.id(), session.appendAll(p.tokens()));
      }
    }
  }

  @Test
  void greedyContinuationsOfPromptsTakenInOneByOne() {
    List<Prompt> prompts = GOLDEN.prompts("decode");
    assertThat(prompts).hasSize(4);
    for (Prompt p : prompts) {
      float[][] rows = new float[p.greedy().length][];
      try (Session session = engine.newSession()) {
        for (int token : p.tokens()) {
          session.append(token);
        }
        for (int i = 0; i < rows.length; i++) {
          rows[i] = session.logits();
          assertThat(Sampler.argmax(rows[i]))
              .as("%s, token %d", p.id(), i)
              .isEqualTo(p.greedy()[i]);
          session.append(p.greedy()[i]);
        }
      }
      Rows.near(GOLDEN, p.id() + ".greedy", rows);
    }
  }

  @Test
  void proposalsOfTheBlockDrafter() {
    for (JsonNode entry : GOLDEN.index().path("dspark")) {
      String id = entry.path("prompt").asString();
      try (Session session = engine.newSession()) {
        session.append(GOLDEN.tokens(id));
        proposals(session, id, entry);
      }
    }
  }

  private void proposals(Session session, String id, JsonNode entry) {
    int[] targets = GoldenModel.ints(entry.path("target_tokens"));
    float[] confidence = GOLDEN.floats("dspark." + id + ".confidence_raw");
    List<float[]> base = new ArrayList<>();
    List<float[]> logits = new ArrayList<>();
    assertThat(targets).hasSize(12);
    for (int k = 0; k < targets.length; k++) {
      session.append(targets[k]);
      int next = Sampler.argmax(session.logits());
      BlockProposal proposal = engine.proposal(session, next);
      int n = proposal.tokens().length;
      int[] block = new int[n + 1];
      block[0] = next;
      System.arraycopy(proposal.tokens(), 0, block, 1, n);
      assertThat(block)
          .as("%s, step %d", id, k)
          .containsExactly(GoldenModel.ints(entry.path("proposals").get(k)));
      assertThat(Rows.distance(proposal.confidence(), 0, confidence, k * n, n))
          .as("confidence of %s, step %d", id, k)
          .isLessThanOrEqualTo(CONFIDENCE_LIMIT);
      for (int i = 0; i < n; i++) {
        base.add(Rows.pick(GOLDEN, proposal.baseLogits(), i * model.config().vocabSize()));
        logits.add(Rows.pick(GOLDEN, proposal.logits(), i * model.config().vocabSize()));
      }
    }
    near(base, "dspark." + id + ".base_sampled");
    near(logits, "dspark." + id + ".sampled");
  }

  /** The golden holds the first steps only. */
  private static void near(List<float[]> rows, String tensor) {
    float[] expected = GOLDEN.floats(tensor);
    int width = rows.getFirst().length;
    assertThat(expected).hasSize(3 * 5 * width);
    for (int i = 0; i < expected.length / width; i++) {
      assertThat(Rows.distance(rows.get(i), 0, expected, i * width, width))
          .as("%s, row %d", tensor, i)
          .isLessThanOrEqualTo(Rows.LIMIT);
    }
  }

  @Test
  void constantsOfTheEngramHash() {
    EngramMemory memory = Objects.requireNonNull(model.engram());
    JsonNode expected = GOLDEN.index().path("engram");
    assertThat(memory.map().size()).isEqualTo(expected.path("canonical_size").asInt());
    assertThat(memory.map().toArray()).containsExactly(GOLDEN.ints("engram.token_map"));
    long[] primes = GOLDEN.longs("engram.primes");
    long[] multipliers = GOLDEN.longs("engram.multipliers");
    int place = 0;
    for (int layer : GoldenModel.ints(expected.path("layer_ids"))) {
      EngramIndex index = (EngramIndex) Objects.requireNonNull(memory.layers().get(layer)).index();
      assertThat(index.pad()).isEqualTo(expected.path("pad_canonical").asInt());
      assertThat(index.columns()).isEqualTo(6);
      for (int c = 0; c < 6; c++) {
        assertThat(index.primes()[c]).isEqualTo(primes[place * 6 + c]);
      }
      for (int s = 0; s < 4; s++) {
        assertThat(index.multipliers()[s]).isEqualTo(multipliers[place * 4 + s]);
      }
      place++;
    }
    assertThat(place).isEqualTo(2);
  }
}
