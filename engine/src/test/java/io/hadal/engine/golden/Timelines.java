package io.hadal.engine.golden;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.Generator;
import io.hadal.engine.Sampler;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * An engine whose sessions are compared, and a second one with other steps that gives the expected
 * values from fresh sessions.
 */
final class Timelines implements AutoCloseable {
  private static final int CONTEXT = 512;
  private static final int STEP = 24;

  /** What is run: a model, with its drafter or without, in a numeric mode. */
  record Setup(GoldenModel golden, boolean drafting, NumericMode mode) {}

  static List<Setup> exact() {
    return List.of(
        new Setup(GoldenModel.V4, false, NumericMode.EXACT),
        new Setup(GoldenModel.V4, true, NumericMode.EXACT),
        new Setup(GoldenModel.V41, false, NumericMode.EXACT),
        new Setup(GoldenModel.V41, true, NumericMode.EXACT));
  }

  /** Also with packed caches. */
  static List<Setup> all() {
    List<Setup> setups = new ArrayList<>(exact());
    setups.add(new Setup(GoldenModel.V4, true, NumericMode.OFFICIAL));
    setups.add(new Setup(GoldenModel.V41, true, NumericMode.OFFICIAL));
    return setups;
  }

  /**
   * Everything a caller can see of a timeline.
   *
   * @param logits behind the last token; empty without tokens
   * @param draft the drafter's output behind the greedy next token; empty without drafter or tokens
   * @param rows logits of a fixed continuation
   */
  record State(float[] logits, float[] draft, float[][] rows) {
    static void same(String what, State actual, State expected) {
      Rows.same(what + ", logits", actual.logits, expected.logits);
      Rows.same(what + ", draft", actual.draft, expected.draft);
      Rows.same(what + ", continuation", actual.rows, expected.rows);
    }
  }

  final Setup setup;
  final Engine engine;
  private final Model model;
  private final Engine reference;
  // Vectors before the head as the probe has seen them: the only trace of a single-token drafter.
  private final List<float[]> seen = new ArrayList<>();

  Timelines(Setup setup) {
    this.setup = setup;
    model = setup.golden.load();
    engine = newEngine(STEP);
    reference = newEngine(CONTEXT);
  }

  /** Another engine with the options of the tested one. */
  Engine another() {
    return newEngine(STEP);
  }

  Engine newEngine(int stepTokens) {
    return new Engine(model, options(stepTokens), this::record);
  }

  EngineOptions options(int stepTokens) {
    return EngineOptions.defaults()
        .withMode(setup.mode)
        .withContext(CONTEXT)
        .withStepTokens(stepTokens)
        .withThreads(2)
        .withDrafting(setup.drafting)
        .withPlainImageIds(true);
  }

  Model model() {
    return model;
  }

  private void record(int layer, String name, float[] values, int rows, int width) {
    if (name.equals("final_norm")) {
      seen.add(Arrays.copyOfRange(values, (rows - 1) * width, rows * width));
    }
  }

  /** State of a session of the tested engine, which stays as it is. */
  State state(Session session) {
    float[] logits = session.length() == 0 ? new float[0] : session.logits().clone();
    float[] draft = new float[0];
    if (setup.drafting && logits.length > 0) {
      int next = Sampler.argmax(logits);
      draft = blockDrafts() ? engine.proposal(session, next).logits() : guess(session);
    }
    try (Session fork = session.fork()) {
      return new State(logits, draft, fork.appendAll(continuation(session.tokens())));
    }
  }

  /** State of a session that has seen nothing else. */
  State fresh(int... tokens) {
    float[] logits = new float[0];
    float[] draft = new float[0];
    try (Session session = reference.newSession()) {
      if (tokens.length > 0) {
        logits = session.append(tokens).clone();
        if (setup.drafting) {
          draft = draft(session, tokens, Sampler.argmax(logits));
        }
      }
      return new State(logits, draft, session.appendAll(continuation(tokens)));
    }
  }

  private float[] draft(Session session, int[] tokens, int next) {
    if (blockDrafts()) {
      return reference.proposal(session, next).logits();
    }
    seen.clear();
    reference.draftLogits(tokens, next);
    return seen.getLast();
  }

  /** The vector behind the guess that a speculating generator starts with. */
  private float[] guess(Session session) {
    seen.clear();
    try (Session fork = session.fork()) {
      new Generator(
              engine, fork, new GenerationOptions(3, SamplingOptions.greedy(), Set.of(), true))
          .run((id, row) -> true);
    }
    return seen.getFirst();
  }

  private boolean blockDrafts() {
    return model.config().blockDraft() != null;
  }

  private int[] continuation(int[] tokens) {
    int[] ids = new int[7];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (31 * tokens.length + 17 * i + 5) % model.config().vocabSize();
    }
    return ids;
  }

  @Override
  public void close() {
    engine.close();
    reference.close();
    model.close();
  }
}
