package io.hadal.cli;

import io.hadal.formats.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/** The embedded model and a tokenizer of the same vocabulary, unpacked once for all tests. */
final class TestModel {
  static final Path FOLDER = unpack();
  static final Path TOKENIZER = FOLDER.resolve("tokenizer-only").resolve("tokenizer.json");
  static final Path GOLDEN = FOLDER.resolve("golden");

  private TestModel() {}

  private static Path unpack() {
    try {
      Path folder = DemoFiles.unpack(Path.of("target", "test-model"));
      Path tokenizer = Files.createDirectories(folder.resolve("tokenizer-only"));
      try (InputStream in =
          Objects.requireNonNull(TestModel.class.getResourceAsStream("tiny_tokenizer.json"))) {
        Files.write(tokenizer.resolve("tokenizer.json"), in.readAllBytes());
      }
      return folder;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** A copy of model and config in an empty folder. */
  static Path copyTo(Path folder) throws IOException {
    for (String name : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(FOLDER.resolve(name), folder.resolve(name));
    }
    return folder;
  }

  /** Runs a command on the model. */
  static Invocation on(String command, String... more) {
    String[] args = new String[more.length + 3];
    args[0] = command;
    args[1] = "--model";
    args[2] = FOLDER.toString();
    System.arraycopy(more, 0, args, 3, more.length);
    return Invocation.hadal(args);
  }

  static Invocation withInput(String stdin, java.util.function.Supplier<Invocation> run) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(stdin.getBytes(StandardCharsets.UTF_8)));
    try {
      return run.get();
    } finally {
      System.setIn(before);
    }
  }

  static JsonNode json(Invocation run) {
    return Json.parse(run.out().getBytes(StandardCharsets.UTF_8), "stdout");
  }

  static int[] ints(JsonNode list) {
    int[] out = new int[list.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = list.get(i).intValue();
    }
    return out;
  }

  static Path write(Path file, String text) throws IOException {
    return Files.writeString(file, text);
  }
}
