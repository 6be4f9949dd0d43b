package io.hadal.server.turn;

import io.hadal.engine.constraint.TokenConstraint;
import io.hadal.formats.prompt.PromptSegment;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.prompt.ToolDefinition;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Rules that an answer has to follow token by token. */
final class AnswerRules {
  private static final int LEAST_BUDGET = 1024;

  private final ServedModel model;
  private final SegmentTokenizer segments;
  private final BitSet all;
  private final int thinkEnd;

  AnswerRules(ServedModel model) {
    this.model = model;
    this.segments = new SegmentTokenizer(model.tokenizer());
    this.all = new BitSet();
    all.set(0, model.config().vocabSize());
    model.chatStops().forEach(all::clear);
    if (model.config().imageId() >= 0) {
      all.clear(model.config().imageId());
    }
    this.thinkEnd = model.tokenizer().id(SpecialTokens.THINK_END).orElse(-1);
  }

  /**
   * The rules of a request, null for none.
   *
   * @throws Problem when they cannot be kept
   */
  @Nullable TokenConstraint of(ChatRequest request, boolean reasons, int maxTokens) {
    TokenConstraint answer = answer(request);
    int budget = request.thinkingBudget();
    boolean limited = budget >= LEAST_BUDGET && budget < maxTokens;
    if (!reasons || thinkEnd < 0 || (answer == null && !limited)) {
      return answer;
    }
    return new AfterReasoning(thinkEnd, limited ? budget : 0, all, answer);
  }

  private @Nullable TokenConstraint answer(ChatRequest request) {
    List<ToolDefinition> tools = request.tools();
    return switch (request.toolChoice()) {
      case ToolChoice.Required _ -> opening(request, tools);
      case ToolChoice.Named named -> {
        List<ToolDefinition> chosen =
            tools.stream().filter(t -> named.name().equals(printedName(t))).toList();
        if (chosen.isEmpty()) {
          throw Problem.invalid("tool_choice", "names " + named.name() + ", which is no tool");
        }
        yield opening(request, chosen);
      }
      default -> {
        if (request.format() instanceof AnswerFormat.Text && !request.strictTools()) {
          yield null;
        }
        throw Problem.unsupported("response_format", "is not available on this server yet");
      }
    };
  }

  private TokenConstraint opening(ChatRequest request, List<ToolDefinition> tools) {
    if (tools.isEmpty()) {
      throw Problem.invalid("tool_choice", "needs tools");
    }
    List<int[]> openings = new ArrayList<>();
    for (ToolDefinition tool : tools) {
      String text = model.dialect().callOpening(printedName(tool));
      openings.add(segments.encode(List.of(new PromptSegment(text, true))));
    }
    return new Opening(openings, all);
  }

  /** Name as the markup has it. */
  private String printedName(ToolDefinition tool) {
    JsonNode name = tool.function().get("name");
    return name == null ? "" : name.asString();
  }
}
