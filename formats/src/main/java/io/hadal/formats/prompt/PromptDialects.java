package io.hadal.formats.prompt;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which prompt format belongs to a model. */
public final class PromptDialects {
  private static final List<PromptDialect> ALL =
      List.of(PromptDialect.V4, PromptDialect.V4_GRADED_EFFORT, PromptDialect.V4_1);

  // Tokenizers of hadal models are trained with the tokens of the V4 formats.
  private static final Map<String, PromptDialect> BY_FAMILY =
      Map.of(
          "deepseek_v4", PromptDialect.V4,
          "deepseek_v41", PromptDialect.V4_1,
          "hadal", PromptDialect.V4);

  private PromptDialects() {}

  /** Names for help and messages. */
  public static String names() {
    return ALL.stream().map(PromptDialect::name).collect(Collectors.joining(", "));
  }

  /** The dialect of that name, or null. */
  public static @Nullable PromptDialect named(String name) {
    return ALL.stream().filter(d -> d.name().equals(name)).findFirst().orElse(null);
  }

  /** The dialect of a model family ({@code model_type}), or null. */
  public static @Nullable PromptDialect ofFamily(String family) {
    return BY_FAMILY.get(family);
  }
}
