package io.hadal.train.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Session;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.forward.BlockProposal;
import io.hadal.model.weights.GgufExport;
import io.hadal.train.ModelExport;
import io.hadal.train.TestModels;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Proposals of the training graph and of the inference engine, same weights. */
class DraftAgreementTest {
  private static final int BLOCK = 3;

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @CsvSource({"1, 0", "4, 3"})
  void ofProposals(int streams, int experts) {
    JsonNode json = TestModels.drafted(TestModels.hadal(streams, "signed_sqrt", false), experts);
    ModelConfig config = ConfigReader.parse(json, "test config");
    try (WorkerPool pool = new WorkerPool(2)) {
      TrainingGraph graph =
          new TrainingGraph(config, TestModels.engrams(config), TestModels.tables(config), 7, pool);
      GradientTest.disturb(graph.parameters(), new Random(3));
      ModelExport.write(
          graph.parameters(),
          TestModels.tables(config),
          json,
          TestModels.tokenizer(),
          StorageType.F32,
          folder);
      compare(folder, graph);
      Path file = folder.resolve("model.gguf");
      GgufExport.write(folder, file, null, bytes -> {});
      compare(file, graph);
    }
  }

  /** Anchors before, at and behind the point where the window is full. */
  private static void compare(Path model, TrainingGraph graph) {
    int[] text = TestModels.tokens(new Random(5), 20, 512);
    try (Engine engine =
        Engine.open(model, EngineOptions.defaults().withThreads(2).withDrafting(true))) {
      for (int anchor : new int[] {1, 6, 7, 13}) {
        try (Session session = engine.newSession()) {
          session.append(Arrays.copyOf(text, anchor));
          compare(graph, text, anchor, engine.proposal(session, text[anchor]));
        }
      }
    }
  }

  private static void compare(TrainingGraph graph, int[] text, int anchor, BlockProposal proposal) {
    // Where the text goes on as proposed, every correction is the same.
    int[] ids = Arrays.copyOf(text, anchor + 1 + BLOCK);
    System.arraycopy(proposal.tokens(), 0, ids, anchor + 1, BLOCK);
    int[] targets = new int[ids.length];
    System.arraycopy(ids, 1, targets, 0, ids.length - 1);
    targets[ids.length - 1] = -1;
    PackedBatch batch = new PackedBatch(ids, targets, List.of(ids.length));
    int phase = anchor - 1;
    float[] logits = graph.draftLogits(batch, phase);
    // The last of the batch's proposals.
    int before = (anchor - 1) / BLOCK;
    int n = proposal.logits().length;
    assertThat(logits).hasSize((before + 1) * n);
    for (int i = 0; i < n; i++) {
      assertThat((double) logits[before * n + i])
          .as("anchor %d logit %d", anchor, i)
          .isCloseTo(proposal.logits()[i], within(1e-4));
    }
    Pass pass = Pass.EVALUATION.with(new Pass.Drafts(0, 0, phase));
    DraftLosses losses = graph.forwardLosses(batch, pass).drafts();
    assertThat(losses.targets()).isEqualTo((before + 1L) * BLOCK);
    for (int i = 0; i < BLOCK; i++) {
      assertThat((double) graph.confidences()[before * BLOCK + i])
          .isCloseTo(proposal.confidence()[i], within(1e-4));
    }
  }
}
