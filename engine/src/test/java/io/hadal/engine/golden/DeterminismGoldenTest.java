package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.EngineOptions;
import io.hadal.engine.Work;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import io.hadal.model.weights.SafetensorsExport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Threads, batches, step sizes, packed caches and logits that nobody asks for change no bit. */
class DeterminismGoldenTest {
  private static final int WHOLE = 512;
  private static final List<String> V4_PROMPTS = List.of("p129", "p17", "p63", "p16");
  private static final List<String> V41_PROMPTS = List.of("p200", "p17", "p63", "p3");

  @TempDir private Path fp4 = Path.of("");

  private record Setting(int threads, int stepTokens) {}

  @Test
  void v4Exact() {
    check(GoldenModel.V4, V4_PROMPTS, NumericMode.EXACT, all());
  }

  @Test
  void v41Exact() {
    check(GoldenModel.V41, V41_PROMPTS, NumericMode.EXACT, all());
  }

  @Test
  void v4Fast() {
    check(GoldenModel.V4, V4_PROMPTS, NumericMode.FAST, some());
  }

  @Test
  void v41Fast() {
    check(GoldenModel.V41, V41_PROMPTS, NumericMode.FAST, some());
  }

  /** Stored as a release, so that its caches are packed. */
  @Test
  void v4FastWithPackedCaches() {
    checkFp4(GoldenModel.V4, V4_PROMPTS);
  }

  @Test
  void v41FastWithPackedCaches() {
    checkFp4(GoldenModel.V41, V41_PROMPTS);
  }

  @Test
  void v4WithRoundedCaches() {
    check(GoldenModel.V4, V4_PROMPTS, NumericMode.KVQ, some());
  }

  @Test
  void v41WithRoundedCaches() {
    check(GoldenModel.V41, V41_PROMPTS, NumericMode.KVQ, some());
  }

  @Test
  void v4OfficialWithPackedAndPlainCaches() {
    check(GoldenModel.V4, V4_PROMPTS, NumericMode.OFFICIAL, some());
  }

  @Test
  void v41OfficialWithPackedAndPlainCaches() {
    check(GoldenModel.V41, V41_PROMPTS, NumericMode.OFFICIAL, some());
  }

  private static List<Setting> all() {
    List<Setting> settings = new ArrayList<>();
    for (int threads = 1; threads <= 3; threads++) {
      for (int step : new int[] {1, 7, 64, WHOLE}) {
        settings.add(new Setting(threads, step));
      }
    }
    return settings;
  }

  private static List<Setting> some() {
    return List.of(new Setting(1, 7), new Setting(2, WHOLE), new Setting(3, 64));
  }

  private void checkFp4(GoldenModel golden, List<String> ids) {
    SafetensorsExport.write(golden.folder(), fp4, SafetensorsExport.Encoding.FP4, n -> {});
    try (Model model = Model.load(fp4)) {
      assertThat(model.config().quantisedCache()).isTrue();
      check(model, golden, ids, NumericMode.FAST, some());
    }
  }

  private static void check(
      GoldenModel golden, List<String> ids, NumericMode mode, List<Setting> settings) {
    try (Model model = golden.load()) {
      check(model, golden, ids, mode, settings);
    }
  }

  private static void check(
      Model model, GoldenModel golden, List<String> ids, NumericMode mode, List<Setting> settings) {
    List<int[]> prompts = ids.stream().map(golden::tokens).toList();
    List<float[][]> expected = new ArrayList<>();
    try (Engine engine = engine(model, mode, new Setting(1, WHOLE), false)) {
      for (int[] prompt : prompts) {
        expected.addAll(run(engine, List.of(prompt)));
      }
    }
    for (Setting setting : settings) {
      for (boolean packed : mode == NumericMode.OFFICIAL ? new boolean[] {false, true} : PLAIN) {
        try (Engine engine = engine(model, mode, setting, packed)) {
          String what = mode + " " + setting + (packed ? " packed" : "");
          Rows.same(
              what + ", alone", run(engine, prompts.subList(0, 1)).getFirst(), expected.getFirst());
          List<float[][]> together = run(engine, prompts);
          for (int i = 0; i < prompts.size(); i++) {
            Rows.same(what + ", batch, " + ids.get(i), together.get(i), expected.get(i));
          }
          if (setting.threads() == 2) {
            checkLastOnly(what, engine, prompts, expected);
          }
        }
      }
    }
  }

  /** Most of every prompt, where only the last logits of most are wanted, then the rest. */
  private static void checkLastOnly(
      String what, Engine engine, List<int[]> prompts, List<float[][]> expected) {
    List<Work> work = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int[] prompt = prompts.get(i);
      work.add(
          new Work(engine.newSession(), Arrays.copyOf(prompt, prompt.length - REST), i % 3 == 1));
    }
    engine.run(work);
    List<Work> rest = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int[] prompt = prompts.get(i);
      int from = prompt.length - REST;
      float[][] before = work.get(i).logits();
      assertThat(before.length).isEqualTo(i % 3 == 1 ? from : 1);
      Rows.same(what + ", last only", before[before.length - 1], expected.get(i)[from - 1]);
      rest.add(
          new Work(work.get(i).session(), Arrays.copyOfRange(prompt, from, prompt.length), true));
    }
    engine.run(rest);
    for (int i = 0; i < prompts.size(); i++) {
      int n = expected.get(i).length;
      Rows.same(
          what + ", behind it",
          rest.get(i).logits(),
          Arrays.copyOfRange(expected.get(i), n - REST, n));
    }
    rest.forEach(w -> w.session().close());
  }

  /** Tokens that follow a part of which only the last logits are wanted. */
  private static final int REST = 2;

  private static final boolean[] PLAIN = {false};

  private static Engine engine(Model model, NumericMode mode, Setting setting, boolean packed) {
    return new Engine(
        model,
        EngineOptions.defaults()
            .withMode(mode)
            .withPackedCache(packed)
            .withContext(WHOLE)
            .withThreads(setting.threads())
            .withStepTokens(setting.stepTokens()));
  }

  /** Logits behind every token, all prompts in one run. */
  private static List<float[][]> run(Engine engine, List<int[]> prompts) {
    List<Work> work = new ArrayList<>();
    for (int[] prompt : prompts) {
      work.add(new Work(engine.newSession(), prompt, true));
    }
    engine.run(work);
    work.forEach(w -> w.session().close());
    return work.stream().map(Work::logits).toList();
  }
}
