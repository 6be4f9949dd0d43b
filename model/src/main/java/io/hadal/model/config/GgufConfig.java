package io.hadal.model.config;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.Gguf;
import java.util.Locale;

/** Configuration of a GGUF model by its {@code general.architecture}. */
public final class GgufConfig {
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
      case "deepseek41", "deepseekv41" -> new V41GgufConfig(fields, gguf, source).read();
      default ->
          throw new FormatException(
              source,
              "architecture "
                  + architecture
                  + " is not supported; supported: deepseek4, deepseek41 (also deepseek_v41,"
                  + " deepseek4_1)");
    };
  }
}
