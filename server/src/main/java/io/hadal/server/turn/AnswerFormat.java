package io.hadal.server.turn;

import tools.jackson.databind.JsonNode;

/** What the text of an answer must be. */
public sealed interface AnswerFormat {
  AnswerFormat TEXT = new Text();
  AnswerFormat JSON_OBJECT = new JsonObject();

  /** Anything. */
  record Text() implements AnswerFormat {}

  /** Some JSON object. */
  record JsonObject() implements AnswerFormat {}

  /**
   * JSON of a schema.
   *
   * @param strict true to refuse schemas that cannot be guaranteed
   */
  record JsonSchema(JsonNode schema, boolean strict) implements AnswerFormat {}
}
