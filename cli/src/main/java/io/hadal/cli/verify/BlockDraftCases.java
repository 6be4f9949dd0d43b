package io.hadal.cli.verify;

import io.hadal.cli.verify.Golden.Prompt;
import io.hadal.cli.verify.Golden.Tensors;
import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Sampler;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import io.hadal.model.forward.BlockProposal;
import tools.jackson.databind.JsonNode;

/** Proposals of the block drafter along a greedy continuation. */
final class BlockDraftCases {
  private static final double LIMIT = 2e-4;
  private static final double CONFIDENCE_LIMIT = 1e-3;

  private final Model model;
  private final Golden golden;
  private final EngineOptions options;
  private final Report report;

  BlockDraftCases(Model model, Golden golden, EngineOptions options, Report report) {
    this.model = model;
    this.golden = golden;
    this.options = options;
    this.report = report;
  }

  void run() {
    Tensors t = golden.single() ? null : golden.tensors("dspark");
    if (t == null || model.weights().blockDraft() == null) {
      return;
    }
    try (Engine engine = new Engine(model, options.withDrafting(true))) {
      for (JsonNode entry : golden.index().path("dspark")) {
        Prompt p = golden.prompt(entry.path("prompt").asString());
        try (Session session = engine.newSession()) {
          session.append(p.tokens());
          steps(engine, session, t, p.id(), entry);
        }
      }
    }
  }

  /** Step k feeds target token k; the proposal behind it starts from the token after. */
  private void steps(Engine engine, Session session, Tensors t, String id, JsonNode entry) {
    int[] targets = Golden.ints(entry.path("target_tokens"));
    float[] confidence = t.floats(id + ".confidence_raw");
    float[] base = t.floats(id + ".base_logits");
    float[] logits = t.floats(id + ".logits");
    int vocab = model.config().vocabSize();
    int right = 0;
    double maxConfidence = 0;
    double maxLogits = 0;
    for (int k = 0; k < targets.length; k++) {
      session.append(targets[k]);
      int[] expected = Golden.ints(entry.path("proposals").get(k));
      int next = Sampler.argmax(session.logits());
      BlockProposal proposal = engine.proposal(session, next);
      int n = proposal.tokens().length;
      boolean same = next == expected[0] && expected.length == n + 1;
      for (int i = 0; same && i < n; i++) {
        same = proposal.tokens()[i] == expected[i + 1];
      }
      right += same ? 1 : 0;
      maxConfidence =
          Math.max(maxConfidence, Distance.max(proposal.confidence(), 0, confidence, k * n, n));
      int block = n * vocab;
      if ((k + 1) * block <= base.length) {
        maxLogits =
            Math.max(maxLogits, Distance.max(proposal.baseLogits(), 0, base, k * block, block));
        maxLogits =
            Math.max(maxLogits, Distance.max(proposal.logits(), 0, logits, k * block, block));
      }
    }
    report.add(
        "dspark " + id,
        maxLogits,
        LIMIT,
        right == targets.length,
        "proposals " + right + "/" + targets.length);
    report.add("dspark " + id + " confidence", maxConfidence, CONFIDENCE_LIMIT, true, "");
  }
}
