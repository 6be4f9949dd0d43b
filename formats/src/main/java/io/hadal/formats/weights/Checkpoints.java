package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Opens weights of any supported container. */
public final class Checkpoints {
  private static final String EXPECTED =
      "expected a folder with config.json and *.safetensors, or a .gguf file";

  private Checkpoints() {}

  /**
   * Opens a checkpoint by what is there: a file that starts with {@code GGUF}, a safetensors file,
   * or a folder that holds safetensors or one GGUF model.
   *
   * @throws FormatException when the path holds no checkpoint or a broken one
   */
  public static TensorStore open(Path path) {
    if (!Files.exists(path)) {
      throw new FormatException(path.toString(), "does not exist; " + EXPECTED);
    }
    if (Files.isDirectory(path)) {
      return openFolder(path);
    }
    if (!Files.isRegularFile(path)) {
      throw new FormatException(path.toString(), "is no regular file; " + EXPECTED);
    }
    byte[] start = readStart(path);
    if (Arrays.equals(start, 0, Math.min(4, start.length), GgufFile.MAGIC, 0, 4)) {
      return Gguf.open(path);
    }
    String name = String.valueOf(path.getFileName());
    if (name.endsWith(".safetensors")
        || name.endsWith(".safetensors.index.json")
        || (start.length == 9 && start[8] == '{')) {
      return Safetensors.open(path);
    }
    if (name.endsWith(".gguf")) {
      return Gguf.open(path);
    }
    throw new FormatException(path.toString(), describe(start) + "; " + EXPECTED);
  }

  private static TensorStore openFolder(Path path) {
    ModelFolder folder = ModelFolder.at(path);
    if (Files.exists(path.resolve(SafetensorsIndex.FILE_NAME))
        || !folder.filesEndingWith(".safetensors").isEmpty()) {
      return Safetensors.open(path);
    }
    List<String> models =
        folder.filesEndingWith(".gguf").stream()
            // The first file of a split model stands for all.
            .filter(
                name -> !name.matches(".*-\\d{5}-of-\\d{5}\\.gguf") || name.contains("-00001-of-"))
            .toList();
    if (models.size() == 1) {
      return Gguf.open(folder.resolve(models.getFirst(), path.toString()));
    }
    throw new FormatException(
        path.toString(),
        models.isEmpty()
            ? "the folder holds no weights; " + EXPECTED
            : "the folder holds " + models.size() + " GGUF models, name one of " + models);
  }

  private static byte[] readStart(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(9);
    } catch (IOException e) {
      throw new FormatException(path.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  private static String describe(byte[] start) {
    String text = new String(start, StandardCharsets.ISO_8859_1);
    if (text.startsWith("version ")) {
      return "looks like a Git LFS pointer; fetch the content with 'git lfs pull'";
    }
    if (text.startsWith("PK") || text.startsWith("\u0080")) {
      return "looks like a pickled PyTorch file; convert it to safetensors";
    }
    return "is neither safetensors nor GGUF";
  }
}
