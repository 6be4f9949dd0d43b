package io.hadal.cli;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.tokenizer.Tokenizer;
import io.hadal.formats.weights.Checkpoints;
import io.hadal.formats.weights.TensorStore;
import io.hadal.model.Model;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the tokenizer that belongs to a checkpoint. */
final class ModelTokenizer {
  private static final String FILE_NAME = StoredTokenizer.FILE_NAME;

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
    return StoredTokenizer.find(store, Model.folder(checkpoint));
  }

  /** The file's tokenizer if one is given, else the model's if it has one. */
  static Optional<Tokenizer> find(Model model, @Nullable Path file) throws NoSuchFileException {
    return file == null ? find(model.path(), model.store()) : Optional.of(read(file));
  }
}
