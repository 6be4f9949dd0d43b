package io.hadal.chat;

import io.hadal.engine.constraint.TokenConstraint;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.prompt.ToolDefinition;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rules that an answer has to follow token by token. */
final class AnswerRules {
  private static final int LEAST_BUDGET = 1024;

  private final AnswerGrammars grammars;
  private final BitSet all;
  private final int thinkEnd;

  /**
   * Rules of one answer.
   *
   * @param constraint null for none
   * @param ignored places in the request that they leave out
   */
  record Rules(@Nullable TokenConstraint constraint, List<String> ignored) {
    static final Rules NONE = new Rules(null, List.of());
  }

  AnswerRules(ServedModel model) {
    this.grammars = new AnswerGrammars(model);
    this.all = new BitSet();
    all.set(0, model.config().vocabSize());
    model.chatStops().forEach(all::clear);
    if (model.config().imageId() >= 0) {
      all.clear(model.config().imageId());
    }
    this.thinkEnd = model.tokenizer().id(SpecialTokens.THINK_END).orElse(-1);
  }

  /**
   * The rules of a plain text.
   *
   * @throws Problem when they cannot be kept
   */
  Rules text(AnswerFormat format) {
    if (format instanceof AnswerFormat.Text) {
      return Rules.NONE;
    }
    AnswerGrammars.Compiled compiled = grammars.text(format);
    return new Rules(compiled.grammar().begin(), compiled.ignored());
  }

  /**
   * The rules of a request.
   *
   * @throws Problem when they cannot be kept
   */
  Rules of(ChatRequest request, boolean reasons, int maxTokens) {
    Rules answer = answer(request);
    int budget = request.thinkingBudget();
    boolean limited = budget >= LEAST_BUDGET && budget < maxTokens;
    if (!reasons || thinkEnd < 0 || (answer.constraint == null && !limited)) {
      return answer;
    }
    return new Rules(
        new AfterReasoning(thinkEnd, limited ? budget : 0, all, answer.constraint), answer.ignored);
  }

  private Rules answer(ChatRequest request) {
    List<ToolDefinition> tools = request.tools();
    boolean forced = true;
    switch (request.toolChoice()) {
      case ToolChoice.Required _ -> {}
      case ToolChoice.Named named -> {
        tools = tools.stream().filter(t -> named.name().equals(CallSyntax.name(t))).toList();
        if (tools.isEmpty()) {
          throw Problem.invalid("tool_choice", "names " + named.name() + ", which is no tool");
        }
      }
      case ToolChoice.None _ -> {
        tools = List.of();
        forced = false;
      }
      case ToolChoice.Auto _ -> forced = false;
    }
    if (forced && tools.isEmpty()) {
      throw Problem.invalid("tool_choice", "needs tools");
    }
    boolean strict =
        tools.stream().anyMatch(t -> request.strictTools().contains(CallSyntax.name(t)));
    if (!forced && !strict && request.format() instanceof AnswerFormat.Text) {
      return Rules.NONE;
    }
    AnswerGrammars.Compiled compiled =
        grammars.chat(
            request.format(),
            tools.isEmpty()
                ? AnswerGrammars.Calls.NONE
                : new AnswerGrammars.Calls(
                    tools, request.strictTools(), forced, request.parallelCalls()));
    String begun = forced ? "" : begun(request);
    TokenConstraint constraint =
        compiled.grammar().beginBehind(begun.getBytes(StandardCharsets.UTF_8));
    if (constraint == null) {
      throw Problem.invalid(
          "messages", "end with the beginning of an answer that its format does not allow");
    }
    return new Rules(constraint, compiled.ignored());
  }

  /** Text of an answer that is there already. */
  private static String begun(ChatRequest request) {
    List<Message> messages = request.messages();
    Message last = messages.isEmpty() ? null : messages.getLast();
    boolean continues = last != null && last.role().equals(Role.ASSISTANT);
    String text = continues && last != null ? last.text() : null;
    return text == null ? "" : text;
  }
}
