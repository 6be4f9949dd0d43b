package io.hadal.model.config;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/** Finds the family of a {@code config.json} and hands it to that family's reader. */
public final class ConfigReader {
  private static final long MAX_BYTES = 16 << 20;

  private static final Map<String, Function<ConfigFields, ModelConfig>> FAMILIES =
      new TreeMap<>(
          Map.of(
              "deepseek_v4",
              V4HfConfig::read,
              "deepseek_v41",
              V41HfConfig::read,
              HadalConfig.FAMILY,
              HadalConfig::read));

  private static final Map<String, String> ARCHITECTURES =
      Map.of("DeepseekV4ForCausalLM", "deepseek_v4", "DeepseekV41ForCausalLM", "deepseek_v41");

  private ConfigReader() {}

  /**
   * Reads {@code folder/config.json}, or {@code folder/inference/config.json} when only that
   * exists.
   */
  public static ModelConfig read(Path folder) {
    Path file = folder.resolve("config.json");
    if (!Files.isRegularFile(file)) {
      Path flat = folder.resolve("inference").resolve("config.json");
      if (!Files.isRegularFile(flat)) {
        throw new FormatException(
            folder.toString(), "has no config.json; copy it beside the *.safetensors files");
      }
      file = flat;
    }
    return parse(Json.parse(file, MAX_BYTES), file.toString());
  }

  /** Reads a parsed document. */
  public static ModelConfig parse(JsonNode document, String source) {
    ConfigFields fields = new ConfigFields(document, source);
    String family = family(fields, source);
    Function<ConfigFields, ModelConfig> reader = FAMILIES.get(family);
    if (reader == null) {
      throw new FormatException(
          source,
          "architecture "
              + family
              + " is not supported; supported: "
              + String.join(", ", FAMILIES.keySet()));
    }
    return reader.apply(fields);
  }

  private static String family(ConfigFields fields, String source) {
    String type = fields.textOrNull("model_type");
    if (type != null) {
      return type;
    }
    JsonNode architectures = fields.find("architectures");
    if (architectures != null && architectures.isArray() && architectures.size() == 1) {
      String name = ConfigFields.text(architectures.get(0));
      return ARCHITECTURES.getOrDefault(name, name);
    }
    // The release's own inference/config.json names no architecture.
    if (fields.find("compress_ratios") != null && fields.find("moe_inter_dim") != null) {
      return fields.find("kv_source_layers") != null ? "deepseek_v41" : "deepseek_v4";
    }
    throw new FormatException(
        source,
        "names no architecture (model_type / architectures); supported: "
            + String.join(", ", FAMILIES.keySet()));
  }
}
