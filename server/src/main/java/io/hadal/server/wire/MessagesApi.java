package io.hadal.server.wire;

import io.hadal.chat.ChatPlanner;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.Ids;
import io.hadal.chat.Problem;
import io.hadal.chat.Sampling;
import io.hadal.chat.Seal;
import io.hadal.chat.TurnEvent.Finish;
import io.hadal.chat.TurnRequest;
import io.hadal.chat.Usage;
import java.io.IOException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/messages} and its token counter. */
public final class MessagesApi {
  private static final String CALLER_SINCE = "2026-10-21";

  private final ChatPlanner planner;
  private final TurnRunner runner;
  private final Seal seal;
  private final long bodyLimit;

  public MessagesApi(ChatPlanner planner, TurnRunner runner, Seal seal, long bodyLimit) {
    this.planner = planner;
    this.runner = runner;
    this.seal = seal;
    this.bodyLimit = bodyLimit;
  }

  /**
   * What an answer holds beside its text.
   *
   * @param omitThinking true to seal reasoning instead of showing it
   * @param edits true to report edits of the context, of which there are none
   * @param caller true to say who calls tools
   */
  record Head(
      String id,
      String model,
      boolean omitThinking,
      boolean edits,
      boolean caller,
      Call call,
      Seal seal) {

    ObjectNode message(Usage usage) {
      ObjectNode json =
          WireJson.object()
              .put("id", id)
              .put("type", "message")
              .put("role", "assistant")
              .put("model", model)
              .putNull("container")
              .putNull("diagnostics");
      json.putArray("content");
      json.putNull("stop_reason").putNull("stop_sequence").putNull("stop_details");
      json.set("usage", usage(usage));
      return json;
    }

    void edits(ObjectNode json) {
      if (edits) {
        json.putObject("context_management").putArray("applied_edits");
      }
    }

    String signature(CharSequence reasoning) {
      return seal.close(reasoning.toString(), call.client().cacheKey());
    }

    ObjectNode toolUse(String id, String name, ObjectNode input) {
      ObjectNode block =
          WireJson.object().put("type", "tool_use").put("id", "toolu_" + id).put("name", name);
      block.set("input", input);
      if (caller) {
        block.putObject("caller").put("type", "direct");
      }
      return block;
    }
  }

  public void handle(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    Models.require(call, planner.model(), body.required("model"));
    Integer most = body.integer("max_tokens", 1, Integer.MAX_VALUE);
    if (most == null) {
      throw Problem.missing("max_tokens");
    }
    AnthropicMessages reader = new AnthropicMessages(body, call, seal);
    ChatRequest request = reader.read().maxTokens(most);
    boolean stream = body.bool("stream", false);
    Integer topK = body.integer("top_k", 0, Integer.MAX_VALUE);
    if (topK != null) {
      Sampling s = request.sampling();
      request.sampling(
          new Sampling(s.temperature(), s.topP(), topK, null, null, null, null, null, s.bias()));
    }
    call.unknown(body);
    TurnRequest turn = planner.plan(request);
    runner.compare(call, request);
    String version = call.exchange().header("anthropic-version");
    Head head =
        new Head(
            call.answerId(Ids.next("msg_")),
            planner.model().profile().version(),
            reader.omitsThinking(),
            body.has("context_management"),
            version != null && version.compareTo(CALLER_SINCE) >= 0,
            call,
            seal);
    if (stream) {
      runner.stream(call, turn, new MessagesStream(head));
    } else {
      Answer answer = runner.collect(call, turn).getFirst();
      Responders.json(call, 200, whole(head, answer, call.usage()));
    }
  }

  /** Counts the tokens of a prompt and generates nothing. */
  public void count(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    Models.require(call, planner.model(), body.required("model"));
    ChatRequest request = new AnthropicMessages(body, call, seal).read();
    int tokens = planner.prompt(request).length;
    ObjectNode json = WireJson.object().put("input_tokens", tokens);
    if (body.has("context_management")) {
      json.putObject("context_management").put("original_input_tokens", tokens);
    }
    Responders.json(call, 200, json);
  }

  static ObjectNode whole(Head head, Answer answer, Usage usage) {
    ObjectNode json = head.message(usage);
    ArrayNode content = (ArrayNode) json.get("content");
    if (answer.hasReasoning()) {
      content
          .addObject()
          .put("type", "thinking")
          .put("thinking", head.omitThinking ? "" : answer.reasoning.toString())
          .put("signature", head.signature(answer.reasoning));
    }
    if (!answer.text.isEmpty()) {
      content
          .addObject()
          .put("type", "text")
          .put("text", answer.text.toString())
          .putNull("citations");
    }
    for (Answer.ToolCallText call : answer.calls) {
      content.add(
          head.toolUse(call.id, call.name, AnthropicMessages.input(call.arguments.toString())));
    }
    json.put("stop_reason", reason(answer.finish)).put("stop_sequence", answer.stop);
    head.edits(json);
    return json;
  }

  static String reason(Finish finish) {
    return switch (finish) {
      case STOP, CANCELLED -> "end_turn";
      case STOP_STRING -> "stop_sequence";
      case TOOL_CALLS -> "tool_use";
      case LENGTH -> "max_tokens";
      case CONTEXT -> "model_context_window_exceeded";
    };
  }

  static ObjectNode usage(Usage usage) {
    ObjectNode json =
        WireJson.object()
            .put("input_tokens", usage.inputUncached())
            .put("cache_creation_input_tokens", usage.cacheWrite())
            .put("cache_read_input_tokens", usage.cacheRead());
    json.putObject("cache_creation")
        .put("ephemeral_5m_input_tokens", usage.cacheWrite())
        .put("ephemeral_1h_input_tokens", 0);
    json.put("output_tokens", usage.output())
        .putObject("output_tokens_details")
        .put("thinking_tokens", usage.outputReasoning());
    return json.putNull("server_tool_use").put("service_tier", "standard");
  }
}
