package io.hadal.chat;

import io.hadal.engine.constraint.Expression;
import io.hadal.engine.constraint.MemberStyle;
import io.hadal.formats.prompt.CallMarkup;
import io.hadal.formats.prompt.PromptSegment;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.formats.prompt.ToolDefinition;
import io.hadal.formats.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Tool calls as the model writes them, as parts of a grammar. */
final class CallSyntax implements MemberStyle {
  /** Schema of any arguments. */
  static final JsonNode ANY_OBJECT =
      JsonNodeFactory.instance.objectNode().put("type", "object").put("additionalProperties", true);

  private final CallMarkup markup;
  private final Tokenizer tokenizer;
  private final SegmentTokenizer segments;

  CallSyntax(CallMarkup markup, Tokenizer tokenizer) {
    this.markup = markup;
    this.tokenizer = tokenizer;
    this.segments = new SegmentTokenizer(tokenizer);
  }

  /** Name as the markup has it. */
  static String name(ToolDefinition tool) {
    JsonNode name = tool.function().get("name");
    return name == null ? "" : name.asString();
  }

  /** Markup, in which some tokens stand for no text. */
  private Expression fixed(String text) {
    List<Expression> parts = new ArrayList<>();
    for (int id : segments.encode(List.of(new PromptSegment(text, true)))) {
      parts.add(
          tokenizer.isAdded(id)
              ? new Expression.Token(id)
              : Expression.literal(tokenizer.tokenBytes(id)));
    }
    return new Expression.Sequence(parts);
  }

  /** A block of one call, or of one and more. */
  Expression block(Expression call, boolean several) {
    List<Expression> parts = new ArrayList<>();
    parts.add(fixed(markup.blockOpen()));
    parts.add(call);
    if (several) {
      parts.add(
          new Expression.Repeat(Expression.sequence(fixed(markup.betweenCalls()), call), 0, -1));
    }
    parts.add(fixed(markup.blockClose()));
    return new Expression.Sequence(parts);
  }

  /** A call with its parameters. */
  Expression call(String name, Expression parameters) {
    return Expression.sequence(
        fixed(markup.callOpen()),
        Expression.literal(name),
        fixed(markup.callNameEnd()),
        parameters,
        fixed(markup.callClose()));
  }

  @Override
  public Expression separator() {
    return fixed(markup.betweenParameters());
  }

  @Override
  public Expression member(Expression name, Values values) {
    return Expression.sequence(
        fixed(markup.parameterOpen()),
        name,
        Expression.choice(
            Expression.sequence(fixed(markup.textFlag()), values.text()),
            Expression.sequence(fixed(markup.jsonFlag()), values.otherThanText())),
        fixed(markup.parameterClose()));
  }

  @Override
  public Expression.Spelling names() {
    return Expression.Spelling.RAW;
  }
}
