package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import tools.jackson.databind.JsonNode;

/** Requested depth of reasoning; which values exist is a property of the {@link PromptDialect}. */
public sealed interface ReasoningEffort {
  /** The dialect's own default. */
  ReasoningEffort DEFAULT = new Unspecified();

  /** No wish was stated. */
  record Unspecified() implements ReasoningEffort {}

  /** A level by name, such as {@code high}. */
  record Named(String name) implements ReasoningEffort {}

  /** A level by number (V4.1: 1 to 100). */
  record Level(int value) implements ReasoningEffort {}

  static ReasoningEffort named(String name) {
    return new Named(name);
  }

  static ReasoningEffort level(int value) {
    return new Level(value);
  }

  /**
   * Reads a string or an integer; null means the default.
   *
   * @throws FormatException for any other type of value
   */
  static ReasoningEffort fromJson(JsonNode json) {
    if (json.isNull()) {
      return DEFAULT;
    }
    if (json.isString()) {
      return new Named(json.stringValue());
    }
    if (json.isInt()) {
      return new Level(json.intValue());
    }
    throw new FormatException(
        "prompt", "reasoning_effort must be a level name or a whole number, not " + json);
  }
}
