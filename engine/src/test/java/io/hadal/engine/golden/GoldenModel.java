package io.hadal.engine.golden;

import io.hadal.formats.Json;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.model.Model;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;

/** A golden model, unpacked once, with its reference outputs. */
final class GoldenModel {
  /** DeepSeek-V4 with ratios 0, 0, 4, 128, 4 and an MTP layer. */
  static final GoldenModel V4 = new GoldenModel("a");

  /** DeepSeek-V4.1 with Engram, shared streams of ratio 2 and 1, and DSpark. */
  static final GoldenModel V41 = new GoldenModel("e");

  private final String name;
  private final Path folder;
  private final JsonNode index;
  private final Safetensors golden;

  /** Token ids with a greedy continuation, which may be empty. */
  record Prompt(String id, int[] tokens, int[] greedy) {}

  private GoldenModel(String name) {
    this.name = name;
    try {
      folder = Files.createTempDirectory("hadal-golden-" + name);
      // Deleted in reverse order.
      folder.toFile().deleteOnExit();
      for (String file : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
        if (GoldenModel.class.getResource(resource(file)) != null) {
          unpack(file, open(file));
        }
      }
      unpack("model.safetensors", new GZIPInputStream(open("model.safetensors.gz")));
      Path outputs = Files.createTempFile("hadal-golden-" + name, ".safetensors");
      outputs.toFile().deleteOnExit();
      try (InputStream in = open("golden.safetensors")) {
        Files.write(outputs, in.readAllBytes());
      }
      golden = Safetensors.open(outputs);
      try (InputStream in = open("index.json")) {
        index = Json.parse(in.readAllBytes(), "index.json");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void unpack(String file, InputStream from) throws IOException {
    Path to = folder.resolve(file);
    try (from) {
      Files.copy(from, to);
    }
    to.toFile().deleteOnExit();
  }

  private InputStream open(String file) {
    return Objects.requireNonNull(GoldenModel.class.getResourceAsStream(resource(file)), file);
  }

  private String resource(String file) {
    return "/golden/" + name + "/" + file;
  }

  /** Folder of the checkpoint; not to be changed. */
  Path folder() {
    return folder;
  }

  Model load() {
    return Model.load(folder);
  }

  JsonNode index() {
    return index;
  }

  List<Prompt> prompts(String list) {
    List<Prompt> prompts = new ArrayList<>();
    for (JsonNode p : index.path(list)) {
      prompts.add(
          new Prompt(p.path("id").asString(), ints(p.path("tokens")), ints(p.path("greedy"))));
    }
    return prompts;
  }

  /** Tokens of a prompt. */
  int[] tokens(String id) {
    return prompts("prompts").stream()
        .filter(p -> p.id().equals(id))
        .findFirst()
        .orElseThrow()
        .tokens();
  }

  boolean has(String tensor) {
    return golden.find(tensor) != null;
  }

  float[] floats(String tensor) {
    return get(tensor).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  int[] ints(String tensor) {
    return get(tensor).data().toArray(ValueLayout.JAVA_INT_UNALIGNED);
  }

  long[] longs(String tensor) {
    return get(tensor).data().toArray(ValueLayout.JAVA_LONG_UNALIGNED);
  }

  private StoredTensor get(String tensor) {
    return Objects.requireNonNull(golden.find(tensor), tensor);
  }

  /** Vocabulary ids of the sampled tensors. */
  int[] sampleIds() {
    return ints(index.path("sample_ids"));
  }

  static int[] ints(JsonNode list) {
    int[] out = new int[list.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = list.get(i).asInt();
    }
    return out;
  }

  @Override
  public String toString() {
    return name;
  }
}
