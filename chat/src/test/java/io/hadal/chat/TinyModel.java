package io.hadal.chat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** A tiny V4.1 model with random weights and a tokenizer, for tests of what is built on turns. */
public final class TinyModel {
  private TinyModel() {}

  /** Its folder, in the build folder of the module under test. */
  public static Path folder() {
    Path folder = Path.of("target", "test-model-" + System.getProperty("hadal.fork", "1"));
    try {
      Files.createDirectories(folder);
      for (String name : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
        try (InputStream in = open(name)) {
          Files.write(folder.resolve(name), in.readAllBytes());
        }
      }
      try (InputStream in = new GZIPInputStream(open("model.safetensors.gz"))) {
        Files.write(folder.resolve("model.safetensors"), in.readAllBytes());
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The model with one thread, which does not reason unless it is told to. */
  public static Hadal load() {
    return Hadal.load(folder(), options());
  }

  /** Options of {@link #load()}: a short context, names that do not change. */
  public static HadalOptions options() {
    return new HadalOptions()
        .name("tiny")
        .context(1024)
        .thinking(false)
        .engine(o -> o.withThreads(1).withPlainImageIds(true));
  }

  private static InputStream open(String name) {
    return Objects.requireNonNull(TinyModel.class.getResourceAsStream("/golden/e/" + name), name);
  }
}
