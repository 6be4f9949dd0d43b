package io.hadal.cli;

import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.model.config.ModelConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which prompt format belongs to a model. */
final class PromptDialects {
  private static final List<PromptDialect> ALL =
      List.of(PromptDialect.V4, PromptDialect.V4_GRADED_EFFORT, PromptDialect.V4_1);

  private static final Map<String, PromptDialect> BY_FAMILY =
      Map.of(
          "deepseek_v4",
          PromptDialect.V4,
          "deepseek_v41",
          PromptDialect.V4_1,
          "hadal",
          PromptDialect.V4_1);

  private PromptDialects() {}

  /** Names for help and messages. */
  static String names() {
    return ALL.stream().map(PromptDialect::name).collect(Collectors.joining(", "));
  }

  /** The dialect of that name, or null. */
  static @Nullable PromptDialect named(String name) {
    return ALL.stream().filter(d -> d.name().equals(name)).findFirst().orElse(null);
  }

  static PromptDialect of(ModelConfig config, Path model) {
    PromptDialect dialect = BY_FAMILY.get(config.family());
    if (dialect == null) {
      throw new FormatException(
          model.toString(),
          "has no known prompt format for "
              + config.family()
              + "; name one with --dialect: "
              + names());
    }
    return dialect;
  }
}
