package io.hadal.platform.registry;

import io.hadal.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The manifest of a checkpoint: the hashes of its files, and how it is run. */
public final class LocalManifest {
  private static final int MOST_FILES = 10_000;
  private static final Set<String> TOKENIZER =
      Set.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt");
  private static final Set<String> CONFIG = Set.of("config.json", "generation_config.json");

  /** Fields with files that lie beside the weights. */
  static final List<String> BESIDE = List.of("config", "tokenizer", "chat_template");

  private final FileHashes hashes;

  public LocalManifest(FileHashes hashes) {
    this.hashes = hashes;
  }

  /**
   * How a checkpoint is run.
   *
   * @param family name of the model
   * @param dialect prompt format, whose name stands for template and parser
   * @param quantisation storage types of the weights and their bytes
   * @param context longest conversation in tokens
   * @param thinking whether it reasons by itself
   * @param engine version of this build
   * @param mode numeric mode
   */
  public record Run(
      String family,
      String dialect,
      ObjectNode quantisation,
      int context,
      boolean thinking,
      String engine,
      String mode) {}

  /** Bytes that will be hashed, for a display of the progress. */
  public static long bytes(Path checkpoint, List<WeightFile> weights) {
    try {
      long sum = 0;
      for (WeightFile file : weights) {
        sum += Files.size(file.file());
      }
      for (Path file : beside(checkpoint)) {
        sum += Files.size(file);
      }
      return sum;
    } catch (IOException e) {
      throw new FormatException(checkpoint.toString(), "cannot be read: " + e, e);
    }
  }

  /**
   * Reads all files of a checkpoint.
   *
   * @param weights files that hold its tensors
   * @param progress told the bytes that are done
   * @throws FormatException when a file cannot be read
   */
  public Manifest build(Path checkpoint, List<WeightFile> weights, Run run, LongConsumer progress) {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("schema", 1).put("kind", "local").put("family", run.family);
    ArrayNode files = json.putArray("weights");
    for (WeightFile file :
        weights.stream().sorted(Comparator.comparing(WeightFile::file)).toList()) {
      try {
        entry(files, file.file(), progress).put("sample_sha256", file.sample());
      } catch (IOException e) {
        throw new FormatException(file.file().toString(), "cannot be read: " + e, e);
      }
    }
    BESIDE.forEach(json::putArray);
    for (Path file : beside(checkpoint)) {
      entry((ArrayNode) json.path(kind(file)), file, progress);
    }
    json.putObject("parser").put("id", run.dialect).put("version", 1);
    json.set("quantisation", run.quantisation);
    json.put("context", run.context);
    ObjectNode sampling = json.putObject("sampling");
    sampling.put("temperature", 1.0).put("top_p", 1.0);
    json.putObject("thinking").put("default", run.thinking ? "high" : "none");
    json.putObject("engine").put("name", "hadal").put("version", run.engine).put("mode", run.mode);
    return Manifest.of(json, checkpoint.toString());
  }

  private ObjectNode entry(ArrayNode list, Path file, LongConsumer progress) {
    String hash = hashes.sha256(file, progress);
    try {
      return list.addObject()
          .put("file", String.valueOf(file.getFileName()))
          .put("bytes", Files.size(file))
          .put("sha256", hash);
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e, e);
    }
  }

  /** The field that a file beside the weights belongs to. */
  static String kind(Path file) {
    String name = String.valueOf(file.getFileName());
    return BESIDE.get(CONFIG.contains(name) ? 0 : TOKENIZER.contains(name) ? 1 : 2);
  }

  /** Files beside the weights that decide about answers, by name; a single file has none. */
  static List<Path> beside(Path checkpoint) {
    List<Path> files = new ArrayList<>();
    if (!Files.isDirectory(checkpoint)) {
      return files;
    }
    try (Stream<Path> all = Files.list(checkpoint)) {
      all.limit(MOST_FILES)
          .filter(
              file -> {
                String name = String.valueOf(file.getFileName());
                return CONFIG.contains(name)
                    || TOKENIZER.contains(name)
                    || name.equals("chat_template.jinja")
                    || name.equals("chat_template.json");
              })
          .sorted()
          .forEach(files::add);
    } catch (IOException e) {
      throw new FormatException(checkpoint.toString(), "cannot be read: " + e, e);
    }
    return files;
  }
}
