package io.hadal.model.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.tokenizer.StoredTokenizer;
import io.hadal.formats.weights.Gguf;
import io.hadal.formats.weights.TensorStore;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.GgufConfig;
import io.hadal.model.config.ModelConfig;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint holds beside its tensors.
 *
 * @param name of folder or file alone: where it lies is nobody's business
 * @param configJson the whole config.json
 * @param tokenizerJson the whole tokenizer.json, null when there is none
 */
record ModelFiles(
    String name, ModelConfig config, String configJson, @Nullable String tokenizerJson) {

  static ModelFiles of(Path checkpoint, TensorStore store) {
    if (store instanceof Gguf gguf) {
      String json = gguf.metadata().getString(GgufConfig.JSON_KEY);
      ModelConfig config = GgufConfig.read(gguf, checkpoint.toString());
      if (json == null) {
        throw new FormatException(
            checkpoint.toString(),
            "is a GGUF file of family "
                + config.family()
                + "; only those of type hadal, which"
                + " hold a configuration, can be exported again");
      }
      String name = gguf.metadata().getString("general.name", fileName(checkpoint));
      return new ModelFiles(
          name, config, json, gguf.metadata().getString(StoredTokenizer.JSON_KEY));
    }
    Path folder = Files.isDirectory(checkpoint) ? checkpoint : checkpoint.resolveSibling("");
    ModelConfig config = ConfigReader.read(folder);
    Path flat = folder.resolve("inference").resolve("config.json");
    Path root = folder.resolve("config.json");
    Path tokenizer = folder.resolve(StoredTokenizer.FILE_NAME);
    return new ModelFiles(
        fileName(folder.toAbsolutePath().normalize()),
        config,
        text(Files.isRegularFile(root) ? root : flat),
        Files.isRegularFile(tokenizer) ? text(tokenizer) : null);
  }

  private static String fileName(Path path) {
    return String.valueOf(path.getFileName());
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (MalformedInputException e) {
      throw new FormatException(file.toString(), "is no UTF-8 text", e);
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e, e);
    }
  }
}
