package io.hadal.cli;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.GgufVocabulary;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.GgufMetadata;
import io.hadal.formats.weights.TensorStore;
import io.hadal.model.Model;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Finds the tokenizer that belongs to a checkpoint. */
final class ModelTokenizer {
  private static final String FILE_NAME = "tokenizer.json";
  private static final String PREFIX = "tokenizer.ggml.";
  private static final int NORMAL_TYPE = 1;

  private ModelTokenizer() {}

  /** The tokenizer in a file: {@code tokenizer.json}, a folder that holds one, or a GGUF file. */
  static Tokenizer read(Path file) throws NoSuchFileException {
    Path json = Files.isDirectory(file) ? file.resolve(FILE_NAME) : file;
    if (!Files.exists(json)) {
      throw new NoSuchFileException(json.toString());
    }
    if (!file.toString().endsWith(".gguf")) {
      return Tokenizer.fromJson(json);
    }
    return find(file).orElseThrow(() -> new FormatException(file.toString(), "holds no tokenizer"));
  }

  /** The tokenizer of a checkpoint, which need not hold weights yet; empty when it has none. */
  static Optional<Tokenizer> find(Path checkpoint) {
    Path json = Model.folder(checkpoint).resolve(FILE_NAME);
    boolean folder = Files.isDirectory(checkpoint);
    if (folder && Files.isRegularFile(json)) {
      return Optional.of(Tokenizer.fromJson(json));
    }
    try (TensorStore store = Checkpoints.open(checkpoint)) {
      return find(checkpoint, store);
    }
  }

  /** The tokenizer of a checkpoint whose files are open. */
  static Optional<Tokenizer> find(Path checkpoint, TensorStore store) {
    if (store instanceof Gguf gguf) {
      return fromMetadata(gguf.metadata(), checkpoint.toString());
    }
    Path json = Model.folder(checkpoint).resolve(FILE_NAME);
    return Files.isRegularFile(json) ? Optional.of(Tokenizer.fromJson(json)) : Optional.empty();
  }

  /** The file's tokenizer if one is given, else the model's if it has one. */
  static Optional<Tokenizer> find(Model model, @Nullable Path file) throws NoSuchFileException {
    return file == null ? find(model.path(), model.store()) : Optional.of(read(file));
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
