package io.hadal.server.wire;

import io.hadal.chat.ChatPlanner;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.Ids;
import io.hadal.chat.Problem;
import io.hadal.chat.ServedModel;
import io.hadal.chat.TurnEvent.Finish;
import io.hadal.chat.TurnRequest;
import io.hadal.chat.Usage;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.ToolDefinition;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/chat/completions}. */
public final class ChatCompletions {
  private static final int MOST_CHOICES = 8;

  private final ChatPlanner planner;
  private final TurnRunner runner;
  private final long bodyLimit;
  private final String fingerprint;

  public ChatCompletions(ChatPlanner planner, TurnRunner runner, long bodyLimit) {
    this.planner = planner;
    this.runner = runner;
    this.bodyLimit = bodyLimit;
    this.fingerprint =
        String.format(Locale.ROOT, "fp_%08x", planner.model().profile().version().hashCode());
  }

  /** What the parts of an answer have in common. */
  record Head(
      String id,
      long created,
      String model,
      String fingerprint,
      boolean legacy,
      boolean reasons,
      boolean logprobs,
      @Nullable String tier) {
    ObjectNode object(String type) {
      ObjectNode json =
          WireJson.object()
              .put("id", id)
              .put("object", type)
              .put("created", created)
              .put("model", model)
              .put("system_fingerprint", fingerprint);
      if (tier != null) {
        json.put("service_tier", tier);
      }
      return json;
    }

    String finish(Finish finish) {
      return switch (finish) {
        case STOP, STOP_STRING, CANCELLED -> "stop";
        case LENGTH, CONTEXT -> "length";
        case TOOL_CALLS -> legacy ? "function_call" : "tool_calls";
      };
    }
  }

  public void handle(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    Models.require(call, planner.model(), body.required("model"));
    ChatRequest request = request(body, call);
    boolean stream = body.bool("stream", false);
    Fields options = body.object("stream_options");
    boolean includeUsage = options != null && options.bool("include_usage", false);
    String tier = body.string("service_tier");
    boolean legacy = body.has("functions") && !body.has("tools");
    call.unknown(body);
    TurnRequest turn = planner.plan(request);
    runner.compare(call, request);
    ServedModel model = planner.model();
    Head head =
        new Head(
            call.answerId(Ids.next("chatcmpl-")),
            call.created(),
            model.profile().version(),
            fingerprint,
            legacy,
            planner.reasons(request),
            request.topLogprobs() >= 0,
            tier == null ? null : tier.equals("auto") ? "default" : tier);
    if (stream) {
      runner.stream(call, turn, new ChatStream(head, request.choices(), includeUsage));
    } else {
      List<Answer> answers = runner.collect(call, turn);
      Responders.json(call, 200, whole(head, answers, call.usage()));
    }
  }

  private ChatRequest request(Fields body, Call call) {
    ChatRequest request = new ChatRequest().client(call.client());
    List<Message> messages = OpenAiMessages.read(body);
    List<ToolDefinition> tools = OpenAiMessages.tools(body);
    boolean logprobs = body.bool("logprobs", false);
    Integer top = body.integer("top_logprobs", 0, 20);
    if (top != null && top > 0 && !logprobs) {
      throw Problem.invalid("top_logprobs", "needs logprobs: true");
    }
    Integer most = body.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    Integer older = body.integer("max_tokens", 1, Integer.MAX_VALUE);
    List<String> modalities = body.strings("modalities", 8);
    if (modalities.contains("audio")) {
      throw Problem.unsupported("modalities", "must not have audio: this model writes text");
    }
    body.accept(
        "user",
        "user_id",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "prompt_cache_options",
        "metadata",
        "store");
    body.object("metadata");
    String tier = body.string("service_tier");
    OpenAiFields.reasoning(body, request);
    return request
        .messages(messages)
        .tools(tools)
        .toolChoice(OpenAiFields.toolChoice(body, !tools.isEmpty()))
        .strictTools(strict(body))
        .parallelCalls(body.bool("parallel_tool_calls", true))
        .format(AnswerFormats.read(body))
        .sampling(OpenAiFields.sampling(body))
        .maxTokens(most == null ? older : most)
        .stops(body.stops("stop"))
        .choices(body.integer("n", 1, MOST_CHOICES, 1))
        .topLogprobs(logprobs ? (top == null ? 0 : top) : -1)
        .priority(OpenAiFields.priority(tier));
  }

  /** Names of the tools that are strict. */
  private static Set<String> strict(Fields body) {
    Set<String> names = new HashSet<>();
    for (Fields tool : body.objects("tools", OpenAiMessages.MOST_TOOLS)) {
      Fields function = tool.object("function");
      if (function != null && function.bool("strict", false)) {
        names.add(function.required("name"));
      }
    }
    for (Fields function : body.objects("functions", OpenAiMessages.MOST_TOOLS)) {
      if (function.bool("strict", false)) {
        names.add(function.required("name"));
      }
    }
    return names;
  }

  static ObjectNode whole(Head head, List<Answer> answers, Usage usage) {
    ObjectNode json = head.object("chat.completion");
    ArrayNode choices = json.putArray("choices");
    for (int i = 0; i < answers.size(); i++) {
      Answer answer = answers.get(i);
      ObjectNode choice = choices.addObject().put("index", i);
      ObjectNode message = choice.putObject("message").put("role", "assistant");
      boolean bare = answer.text.isEmpty() && !answer.calls.isEmpty();
      message.put("content", bare ? null : answer.text.toString());
      if (head.reasons) {
        message.put("reasoning_content", answer.reasoning.toString());
      }
      message.putNull("refusal");
      if (head.legacy && !answer.calls.isEmpty()) {
        Answer.ToolCallText first = answer.calls.getFirst();
        message
            .putObject("function_call")
            .put("name", first.name)
            .put("arguments", first.arguments.toString());
      } else if (!answer.calls.isEmpty()) {
        ArrayNode calls = message.putArray("tool_calls");
        for (Answer.ToolCallText call : answer.calls) {
          calls
              .addObject()
              .put("id", "call_" + call.id)
              .put("type", "function")
              .putObject("function")
              .put("name", call.name)
              .put("arguments", call.arguments.toString());
        }
      }
      if (head.logprobs) {
        ObjectNode logprobs = choice.putObject("logprobs");
        logprobs.set("content", OpenAiFields.logprobs(answer.textTokens));
        logprobs.putNull("refusal");
        if (head.reasons) {
          logprobs.set("reasoning_content", OpenAiFields.logprobs(answer.reasoningTokens));
        }
      } else {
        choice.putNull("logprobs");
      }
      choice.put("finish_reason", head.finish(answer.finish));
    }
    json.set("usage", OpenAiFields.usage(usage));
    return json;
  }
}
