package io.hadal.engine.tiny;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.kernels.StorageType;
import io.hadal.model.Model;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same numbers give the same bits, whatever file and names hold them. */
class StorageTest {
  @TempDir Path folder;

  private static float[][] logits(Path path, int[] tokens) {
    try (Model model = Model.load(path);
        Engine engine = new Engine(model, TinyModels.options());
        Session session = engine.newSession()) {
      return session.appendAll(tokens);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PLAIN", "THREE_HEADS", "FIVE_HEADS"})
  void ggufAndSafetensorsAgree(TinyShape shape) {
    int[] tokens = shape.tokens(5, 90);
    float[][] expected = logits(shape.checkpoint().write(folder.resolve("hf")), tokens);
    Path gguf =
        TinyGguf.write(
            folder.resolve("m.gguf"), shape.checkpoint(), StorageType.F32, TinyGguf.Drafter.NONE);
    assertThat(logits(gguf, tokens)).isDeepEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(names = {"PLAIN", "THREE_HEADS", "FIVE_HEADS"})
  void bothNamesOfSafetensorsAgree(TinyShape shape) {
    int[] tokens = shape.tokens(6, 60);
    float[][] expected = logits(shape.checkpoint().write(folder.resolve("released")), tokens);
    Map<String, Stored> renamed = new LinkedHashMap<>();
    shape
        .checkpoint()
        .released()
        .forEach(
            (name, tensor) -> {
              if (!name.startsWith("mtp.")) {
                renamed.put(TransformersNames.translate(name), tensor);
              }
            });
    Path path =
        TinyCheckpoint.write(
            folder.resolve("transformers"), shape.checkpoint().config().json(), renamed);
    assertThat(logits(path, tokens)).isDeepEqualTo(expected);
  }
}
