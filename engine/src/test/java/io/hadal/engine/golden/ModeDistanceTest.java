package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.EngineOptions;
import io.hadal.engine.compare.ModeDistance;
import io.hadal.kernels.StorageType;
import io.hadal.model.Model;
import io.hadal.model.config.NumericMode;
import io.hadal.model.synthetic.StorageMix;
import io.hadal.model.synthetic.SyntheticModel;
import io.hadal.model.synthetic.SyntheticShape;
import io.hadal.model.weights.SafetensorsExport;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How far mode fast is from mode exact; docs/evaluation.md has the figures. */
class ModeDistanceTest {
  private static final EngineOptions OPTIONS =
      EngineOptions.defaults().withThreads(2).withContext(512);

  @TempDir private Path folder = Path.of("");

  private static ModeDistance.Result fast(Model model, List<int[]> texts) {
    try (ModeDistance distance =
        new ModeDistance(model, OPTIONS, NumericMode.EXACT, NumericMode.FAST)) {
      texts.forEach(text -> distance.add(text, n -> {}));
      return distance.result();
    }
  }

  private static List<int[]> prompts(GoldenModel golden) {
    return golden.prompts("prompts").stream().map(GoldenModel.Prompt::tokens).toList();
  }

  @Test
  void v4WithFp4Experts() {
    ModeDistance.Result r = stored(GoldenModel.V4);
    assertThat(r.mean()).isPositive().isLessThan(0.12);
    assertThat(r.agreement()).isGreaterThan(0.7);
  }

  @Test
  void v41WithFp4Experts() {
    ModeDistance.Result r = stored(GoldenModel.V41);
    assertThat(r.mean()).isPositive().isLessThan(0.5);
    assertThat(r.agreement()).isGreaterThan(0.4);
  }

  /**
   * The goldens hold no quantised weights, so they are stored as released ones are. Most of the
   * distance is that of the packed caches, which such a model declares.
   */
  private ModeDistance.Result stored(GoldenModel golden) {
    Path fp4 = folder.resolve("fp4");
    SafetensorsExport.write(golden.folder(), fp4, SafetensorsExport.Encoding.FP4, n -> {});
    try (Model model = Model.load(fp4)) {
      ModeDistance.Result r = fast(model, prompts(golden));
      assertThat(r.predictions()).isGreaterThan(500);
      return r;
    }
  }

  @Test
  void nothingChangesWithoutQuantisedWeights() {
    try (Model model = GoldenModel.V4.load()) {
      ModeDistance.Result r = fast(model, prompts(GoldenModel.V4).subList(0, 3));
      assertThat(r.worst()).isZero();
      assertThat(r.agreeing()).isEqualTo(r.predictions());
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_ANY,
      names = {"I?Q[2-8].*", "MXFP4"})
  void everyStorageType(StorageType type) {
    Path file = folder.resolve(type + ".gguf");
    SyntheticModel.of(SyntheticShape.TINY, 4, 8, 512, StorageMix.of(type), 1)
        .writeGguf(file, n -> {});
    int[] ids = new int[128];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i * 37 % 512;
    }
    try (Model model = Model.load(file)) {
      ModeDistance.Result r = fast(model, List.of(ids));
      assertThat(r.mean()).isPositive().isLessThan(0.02);
      assertThat(r.agreement()).isGreaterThan(0.75);
    }
  }
}
