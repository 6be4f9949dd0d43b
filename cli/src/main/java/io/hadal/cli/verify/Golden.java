package io.hadal.cli.verify;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.weights.Safetensors;
import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.StorageType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reference outputs: a folder with {@code index.json}, or one {@code *.golden.json} with its
 * tensors beside it.
 */
final class Golden implements AutoCloseable {
  private static final long MAX_INDEX_BYTES = 64 << 20;

  private final Path path;
  private final JsonNode index;
  private final boolean folder;
  private final Map<String, Safetensors> files = new HashMap<>();

  private Golden(Path path, JsonNode index, boolean folder) {
    this.path = path;
    this.index = index;
    this.folder = folder;
  }

  static Golden open(Path path) {
    if (Files.isDirectory(path)) {
      Path file = path.resolve("index.json");
      if (!Files.isRegularFile(file)) {
        throw new FormatException(path.toString(), "has no index.json");
      }
      return new Golden(path, Json.parse(file, MAX_INDEX_BYTES), true);
    }
    if (Files.isRegularFile(path) && path.toString().endsWith(".golden.json")) {
      return new Golden(path, Json.parse(path, MAX_INDEX_BYTES), false);
    }
    throw new FormatException(
        path.toString(), "is neither a folder with index.json nor a *.golden.json file");
  }

  JsonNode index() {
    return index;
  }

  /** True for the single-file layout that belongs to a GGUF. */
  boolean single() {
    return !folder;
  }

  /** One of the tensor files by its plain name, or null when it is not there. */
  @Nullable Tensors tensors(String name) {
    Path file =
        folder
            ? path.resolve(name + ".safetensors")
            : Path.of(path.toString().replaceAll("\\.json$", ".safetensors"));
    if (!Files.isRegularFile(file)) {
      return null;
    }
    return new Tensors(
        files.computeIfAbsent(file.toString(), f -> Safetensors.open(file)), file.toString());
  }

  /** A further list beside the index, or null. */
  @Nullable JsonNode json(String name) {
    Path file = path.resolve(name + ".json");
    return Files.isRegularFile(file) ? Json.parse(file, MAX_INDEX_BYTES) : null;
  }

  Prompt prompt(String id) {
    for (Prompt p : prompts()) {
      if (p.id.equals(id)) {
        return p;
      }
    }
    throw new FormatException(path.toString(), "names prompt " + id + " but does not list it");
  }

  List<Prompt> prompts() {
    return prompts("prompts");
  }

  /** Prompts that are continued by decoding, where they are listed apart. */
  List<Prompt> decoded() {
    return prompts("decode");
  }

  private List<Prompt> prompts(String list) {
    List<Prompt> out = new ArrayList<>();
    for (JsonNode p : index.path(list)) {
      out.add(new Prompt(p.path("id").asString(), ints(p.path("tokens")), ints(p.path("greedy"))));
    }
    return out;
  }

  /** Longest prompt with its continuation. */
  int longest() {
    int longest = 1;
    for (String list : List.of("prompts", "decode")) {
      for (Prompt p : prompts(list)) {
        longest = Math.max(longest, p.tokens().length + p.greedy().length);
      }
    }
    return longest;
  }

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

  /** A prompt with its greedy continuation, which may be empty. */
  record Prompt(String id, int[] tokens, int[] greedy) {}

  /** Reference tensors of one file. */
  record Tensors(Safetensors store, String source) {
    boolean has(String name) {
      return store.find(name) != null;
    }

    List<Long> shape(String name) {
      return store.get(name).shape();
    }

    float[] floats(String name) {
      StoredTensor t = store.get(name);
      if (t.type() != StorageType.F32) {
        throw new FormatException(source, name + " must be F32, is " + t.type());
      }
      return t.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    long[] longs(String name) {
      StoredTensor t = store.get(name);
      if (t.type() != StorageType.I64) {
        throw new FormatException(source, name + " must be I64, is " + t.type());
      }
      return t.data().toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    }

    int[] ints(String name) {
      StoredTensor t = store.get(name);
      MemorySegment data = t.data();
      return switch (t.type()) {
        case I32 -> data.toArray(ValueLayout.JAVA_INT_UNALIGNED);
        case I64 ->
            Arrays.stream(data.toArray(ValueLayout.JAVA_LONG_UNALIGNED))
                .mapToInt(Math::toIntExact)
                .toArray();
        default -> throw new FormatException(source, name + " must be integers, is " + t.type());
      };
    }
  }

  @Override
  public void close() {
    files.values().forEach(Safetensors::close);
  }
}
