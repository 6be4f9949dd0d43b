package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.engine.golden.GoldenModel.Prompt;
import io.hadal.model.Model;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** DeepSeek-V4 in exact arithmetic against the released algorithm's outputs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GoldenV4Test {
  private static final GoldenModel GOLDEN = GoldenModel.V4;

  private Model model;
  private Engine engine;

  @BeforeAll
  void open() {
    model = GOLDEN.load();
    engine =
        new Engine(
            model,
            EngineOptions.defaults().withContext(512).withStepTokens(512).withDrafting(true));
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
  void greedyContinuations() {
    for (Prompt p : GOLDEN.prompts("prompts")) {
      float[][] rows = new float[p.greedy().length][];
      try (Session session = engine.newSession()) {
        session.append(p.tokens());
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
  void draftsOfTheMtpLayer() {
    int drafts = 0;
    for (JsonNode entry : GOLDEN.index().path("mtp")) {
      String id = entry.path("id").asString();
      float[][] rows = engine.draftLogits(GOLDEN.tokens(id), entry.path("next_token").asInt());
      Rows.near(GOLDEN, "mtp." + id, rows);
      assertThat(Sampler.argmax(rows[rows.length - 1]))
          .as(id)
          .isEqualTo(entry.path("draft").asInt());
      drafts++;
    }
    assertThat(drafts).isEqualTo(5);
  }
}
