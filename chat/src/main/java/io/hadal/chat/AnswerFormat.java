package io.hadal.chat;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** What the text of an answer must be. */
public sealed interface AnswerFormat {
  AnswerFormat TEXT = new Text();
  AnswerFormat JSON_OBJECT = new JsonObject();

  /** Where the request has it. */
  String field();

  /** Anything. */
  record Text() implements AnswerFormat {
    @Override
    public String field() {
      return "response_format";
    }
  }

  /** Some JSON object. */
  record JsonObject() implements AnswerFormat {
    @Override
    public String field() {
      return "response_format";
    }
  }

  /**
   * JSON of a schema.
   *
   * @param strict true to refuse schemas that cannot be guaranteed
   * @param field where the request has it
   */
  record JsonSchema(JsonNode schema, boolean strict, String field) implements AnswerFormat {}

  /**
   * Text that matches a regular expression as a whole.
   *
   * @param field where the request has it
   */
  record Pattern(String regex, String field) implements AnswerFormat {}

  /**
   * Text of a GBNF grammar.
   *
   * @param field where the request has it
   */
  record Grammar(String gbnf, String field) implements AnswerFormat {}

  /**
   * One of some texts.
   *
   * @param field where the request has it
   */
  record OneOf(List<String> texts, String field) implements AnswerFormat {
    public OneOf {
      texts = List.copyOf(texts);
    }
  }
}
