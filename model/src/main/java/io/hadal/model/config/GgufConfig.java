package io.hadal.model.config;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.weights.Gguf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Configuration of a GGUF model by its {@code general.architecture}. */
public final class GgufConfig {
  /** Architecture of Hadal's own models. */
  public static final String HADAL = HadalConfig.FAMILY;

  /** Key of the whole {@code config.json} of such a model. */
  public static final String JSON_KEY = HADAL + ".config";

  private GgufConfig() {}

  /**
   * Reads the configuration.
   *
   * @throws FormatException for an unknown architecture or an unusable field
   */
  public static ModelConfig read(Gguf gguf, String source) {
    String architecture = gguf.metadata().requireString("general.architecture");
    GgufFields fields = new GgufFields(gguf.metadata(), architecture, source);
    // Converters spell V4.1 with and without separators.
    return switch (architecture.toLowerCase(Locale.ROOT).replaceAll("[_.-]", "")) {
      case "deepseek4" -> new V4GgufConfig(fields).read();
      case HADAL ->
          ConfigReader.parse(
              Json.parse(
                  gguf.metadata().requireString(JSON_KEY).getBytes(StandardCharsets.UTF_8),
                  source + " (" + JSON_KEY + ")"),
              source + " (" + JSON_KEY + ")");
      case "deepseek41", "deepseekv41" -> new V41GgufConfig(fields, gguf, source).read();
      default ->
          throw new FormatException(
              source,
              "architecture "
                  + architecture
                  + " is not supported; supported: deepseek4, deepseek41 (also deepseek_v41,"
                  + " deepseek4_1), hadal");
    };
  }
}
