package io.hadal.chat;

import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.ReasoningEffort;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Names of reasoning efforts, which clients of every dialect use in their own way. */
public final class Efforts {
  private static final Map<String, String> LEVELS =
      Map.of(
          "minimal", "low",
          "low", "low",
          "medium", "high",
          "high", "high",
          "xhigh", "high",
          "max", "max",
          "ultra", "max");

  private Efforts() {}

  /** True for the name that turns reasoning off. */
  public static boolean isNone(@Nullable String effort) {
    return "none".equals(effort);
  }

  /**
   * The level of a name.
   *
   * @param param field that held the name
   * @throws Problem for an unknown name
   */
  public static String level(String name, String param) {
    String level = LEVELS.get(name);
    if (level == null) {
      throw Problem.invalid(
          param, "must be none, minimal, low, medium, high, xhigh or max, not " + name);
    }
    return level;
  }

  /** The effort as the model's prompts say it. */
  static ReasoningEffort of(PromptDialect dialect, @Nullable String level) {
    if (level == null) {
      return ReasoningEffort.DEFAULT;
    }
    // The first V4 releases know no low effort.
    return ReasoningEffort.named(
        dialect == PromptDialect.V4 && level.equals("low") ? "high" : level);
  }
}
