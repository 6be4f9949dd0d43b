package io.hadal.formats.tokenizer;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.GgufMetadata;
import io.hadal.formats.weights.TensorStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Finds the tokenizer that belongs to a checkpoint. */
public final class StoredTokenizer {
  /** Beside safetensors files. */
  public static final String FILE_NAME = "tokenizer.json";

  /** GGUF key of a whole {@code tokenizer.json}, which goes before the other tokenizer keys. */
  public static final String JSON_KEY = "tokenizer.huggingface.json";

  private static final String PREFIX = "tokenizer.ggml.";
  private static final int NORMAL_TYPE = 1;

  private StoredTokenizer() {}

  /**
   * The tokenizer in a GGUF file's metadata or in the folder of safetensors files; empty without.
   *
   * @throws FormatException when it cannot be used
   */
  public static Optional<Tokenizer> find(TensorStore store, Path folder) {
    if (store instanceof Gguf gguf) {
      String source = gguf.source().toString();
      String json = gguf.metadata().getString(JSON_KEY);
      return json == null
          ? fromMetadata(gguf.metadata(), source)
          : Optional.of(
              Tokenizer.fromJson(
                  json.getBytes(StandardCharsets.UTF_8), source + " (" + JSON_KEY + ")"));
    }
    Path json = folder.resolve(FILE_NAME);
    return Files.isRegularFile(json) ? Optional.of(Tokenizer.fromJson(json)) : Optional.empty();
  }

  private static Optional<Tokenizer> fromMetadata(GgufMetadata meta, String source) {
    String model = meta.getString(PREFIX + "model");
    if (model == null || model.equals("none")) {
      return Optional.empty();
    }
    List<String> tokens = meta.requireStringArray(PREFIX + "tokens");
    List<String> merges = meta.getStringArray(PREFIX + "merges");
    return Optional.of(
        Tokenizer.fromGguf(
            new GgufVocabulary(
                model,
                meta.getString(PREFIX + "pre", ""),
                tokens,
                types(meta, tokens.size(), source),
                merges == null ? List.of() : merges,
                id(meta, "bos_token_id", source),
                id(meta, "eos_token_id", source),
                meta.getBool(PREFIX + "add_bos_token", false)),
            source));
  }

  private static int[] types(GgufMetadata meta, int tokens, String source) {
    long[] stored = meta.getLongArray(PREFIX + "token_type");
    int[] types = new int[stored == null ? tokens : stored.length];
    for (int i = 0; i < types.length; i++) {
      long type = stored == null ? NORMAL_TYPE : stored[i];
      if (type < 0 || type > Byte.MAX_VALUE) {
        throw new FormatException(source, PREFIX + "token_type holds " + type);
      }
      types[i] = (int) type;
    }
    return types;
  }

  private static OptionalInt id(GgufMetadata meta, String key, String source) {
    Long id = meta.getLong(PREFIX + key);
    if (id == null) {
      return OptionalInt.empty();
    }
    if (id < 0 || id > Integer.MAX_VALUE) {
      throw new FormatException(source, PREFIX + key + " = " + id + " is out of range");
    }
    return OptionalInt.of(id.intValue());
  }
}
