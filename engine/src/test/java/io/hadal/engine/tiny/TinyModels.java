package io.hadal.engine.tiny;

import io.hadal.engine.EngineOptions;
import io.hadal.model.Model;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Written and loaded checkpoints of a test class; deleted after it. */
public final class TinyModels implements AfterAllCallback {
  private final Map<TinyShape, Model> models = new EnumMap<>(TinyShape.class);

  public Model load(TinyShape shape) {
    return models.computeIfAbsent(
        shape,
        s -> {
          try {
            return Model.load(s.checkpoint().write(Files.createTempDirectory("hadal-tiny")));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** Two threads, enough memory, a context of 512 tokens. */
  public static EngineOptions options() {
    return EngineOptions.defaults().withThreads(2).withContext(512).withMemory(1L << 30, false);
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    for (Model model : models.values()) {
      model.close();
      Path folder = model.path();
      Files.delete(folder.resolve("config.json"));
      Files.delete(folder.resolve("model.safetensors"));
      Files.delete(folder);
    }
  }
}
