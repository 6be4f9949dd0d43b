package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import java.util.Map;

/** How a dialect tells the model the requested effort: a text at the start of the prompt. */
sealed interface EffortStyle {
  /**
   * Text for thinking mode, may be empty.
   *
   * @throws FormatException when the dialect has no such level
   */
  String text(ReasoningEffort effort);

  /** V4: a few named levels, each with its own text. */
  record Texts(Map<String, String> texts, String fallback) implements EffortStyle {
    @Override
    public String text(ReasoningEffort effort) {
      String name =
          switch (effort) {
            case ReasoningEffort.Unspecified u -> fallback;
            case ReasoningEffort.Named n -> n.name();
            case ReasoningEffort.Level l -> Integer.toString(l.value());
          };
      String text = texts.get(name);
      if (text == null) {
        throw unknown(name, "one of " + texts.keySet().stream().sorted().toList());
      }
      return text;
    }
  }

  /** V4.1: a number from 1 to 100, some with names. */
  record Levels(Map<String, Integer> names, int fallback) implements EffortStyle {
    @Override
    public String text(ReasoningEffort effort) {
      int level =
          switch (effort) {
            case ReasoningEffort.Unspecified u -> fallback;
            case ReasoningEffort.Named n -> names.getOrDefault(n.name(), 0);
            case ReasoningEffort.Level l -> l.value();
          };
      if (level < 1 || level > 100) {
        throw unknown(
            effort instanceof ReasoningEffort.Named n ? n.name() : Integer.toString(level),
            "1 to 100 or one of " + names.keySet().stream().sorted().toList());
      }
      return "Reasoning Effort: "
          + level
          + " (range 1-100, the higher the value, the more thorough the reasoning)\n\n";
    }
  }

  private static FormatException unknown(String value, String known) {
    return new FormatException("prompt", "reasoning effort " + value + " is unknown: use " + known);
  }
}
