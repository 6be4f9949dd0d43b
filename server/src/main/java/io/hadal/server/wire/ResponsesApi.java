package io.hadal.server.wire;

import io.hadal.chat.ChatPlanner;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.Ids;
import io.hadal.chat.Seal;
import io.hadal.chat.TurnEvent.Finish;
import io.hadal.chat.TurnRequest;
import io.hadal.chat.Usage;
import io.hadal.server.http.HttpProblem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/responses}; responses are not stored. */
public final class ResponsesApi {
  private static final String[] ECHOED = {
    "instructions",
    "metadata",
    "temperature",
    "top_p",
    "tool_choice",
    "tools",
    "max_output_tokens",
    "truncation",
    "reasoning",
    "text",
    "service_tier",
    "user",
    "parallel_tool_calls"
  };

  private final ChatPlanner planner;
  private final TurnRunner runner;
  private final Seal seal;
  private final long bodyLimit;

  public ResponsesApi(ChatPlanner planner, TurnRunner runner, Seal seal, long bodyLimit) {
    this.planner = planner;
    this.runner = runner;
    this.seal = seal;
    this.bodyLimit = bodyLimit;
  }

  /** What a response holds beside its output. */
  record Head(
      String id, ObjectNode frame, ResponsesInput input, boolean sealed, Seal seal, Call call) {

    /**
     * The response as it stands.
     *
     * @param usage null while it is not known
     */
    ObjectNode response(String status, List<ObjectNode> output, @Nullable Usage usage) {
      ObjectNode json = frame.deepCopy();
      json.put("status", status);
      ArrayNode items = json.putArray("output");
      output.forEach(items::add);
      if (status.equals("incomplete")) {
        json.putObject("incomplete_details").put("reason", "max_output_tokens");
      }
      if (usage != null) {
        json.put("completed_at", System.currentTimeMillis() / 1000);
        json.set("usage", ResponsesApi.usage(usage));
      }
      return json;
    }

    ObjectNode reasoningItem(String itemId, String text, String status) {
      ObjectNode item =
          WireJson.object().put("type", "reasoning").put("id", itemId).put("status", status);
      item.putArray("summary");
      ArrayNode content = item.putArray("content");
      boolean done = status.equals("completed");
      if (done) {
        content.addObject().put("type", "reasoning_text").put("text", text);
      }
      item.put(
          "encrypted_content", done && sealed ? seal.close(text, call.client().cacheKey()) : null);
      return item;
    }

    ObjectNode messageItem(String itemId, Answer answer, String status) {
      ObjectNode item =
          WireJson.object()
              .put("type", "message")
              .put("id", itemId)
              .put("role", "assistant")
              .put("status", status);
      ArrayNode content = item.putArray("content");
      if (!status.equals("in_progress")) {
        content.add(textPart(answer));
      }
      return item;
    }

    static ObjectNode textPart(Answer answer) {
      ObjectNode part =
          WireJson.object().put("type", "output_text").put("text", answer.text.toString());
      part.putArray("annotations");
      part.set("logprobs", OpenAiFields.logprobs(answer.textTokens));
      return part;
    }

    ObjectNode callItem(String itemId, Answer.ToolCallText call, String status) {
      boolean custom = input.isCustom(call.name);
      ResponsesInput.ToolName name = input.original(call.name);
      ObjectNode item =
          WireJson.object()
              .put("type", custom ? "custom_tool_call" : "function_call")
              .put("id", itemId)
              .put("call_id", "call_" + call.id)
              .put("name", name.name());
      if (name.namespace() != null) {
        item.put("namespace", name.namespace());
      }
      boolean done = !status.equals("in_progress");
      if (custom) {
        item.put("input", done ? customInput(call) : "");
      } else {
        item.put("arguments", done ? call.arguments.toString() : "");
      }
      return item.put("status", status);
    }

    static String customInput(Answer.ToolCallText call) {
      JsonNode text = AnthropicMessages.input(call.arguments.toString()).get("input");
      return text == null ? "" : text.asString();
    }
  }

  public void handle(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    Models.require(call, planner.model(), body.required("model"));
    ResponsesInput input = new ResponsesInput(body, call, seal);
    ChatRequest request = input.read();
    boolean stream = body.bool("stream", false);
    call.unknown(body);
    TurnRequest turn = planner.plan(request);
    runner.compare(call, request);
    String id = call.answerId(Ids.next("resp_"));
    Head head =
        new Head(
            id,
            frame(id, body, call),
            input,
            input.includes("reasoning.encrypted_content"),
            seal,
            call);
    if (stream) {
      runner.stream(call, turn, new ResponsesStream(head));
    } else {
      Answer answer = runner.collect(call, turn).getFirst();
      Responders.json(
          call, 200, head.response(status(answer.finish), items(head, answer), call.usage()));
    }
  }

  /** Counts the tokens of a prompt and generates nothing. */
  public void count(Call call) throws IOException {
    Fields body = call.json(bodyLimit);
    Models.require(call, planner.model(), body.required("model"));
    int tokens = planner.prompt(new ResponsesInput(body, call, seal).read()).length;
    Responders.json(
        call,
        200,
        WireJson.object().put("object", "response.input_tokens").put("input_tokens", tokens));
  }

  /** Stored responses, of which there are none. */
  public void stored(Call call) {
    throw HttpProblem.notFound("This response");
  }

  private ObjectNode frame(String id, Fields body, Call call) {
    ObjectNode json =
        WireJson.object()
            .put("id", id)
            .put("object", "response")
            .put("created_at", call.created())
            .put("status", "in_progress")
            .putNull("completed_at")
            .put("model", planner.model().profile().version());
    json.putArray("output");
    json.putNull("error").putNull("incomplete_details").putNull("instructions");
    json.putObject("metadata");
    json.put("parallel_tool_calls", true)
        .put("temperature", 1.0)
        .put("top_p", 1.0)
        .put("tool_choice", "auto")
        .putArray("tools");
    json.putNull("max_output_tokens")
        .putNull("previous_response_id")
        .put("store", false)
        .put("truncation", "disabled")
        .put("background", false);
    json.putObject("reasoning").putNull("effort").putNull("summary");
    json.putObject("text").putObject("format").put("type", "text");
    json.put("service_tier", "default").putNull("user").putNull("usage");
    for (String name : ECHOED) {
      JsonNode value = body.node(name);
      if (value != null) {
        json.set(name, value);
      }
    }
    return json;
  }

  static String status(Finish finish) {
    return finish == Finish.LENGTH || finish == Finish.CONTEXT ? "incomplete" : "completed";
  }

  private static List<ObjectNode> items(Head head, Answer answer) {
    List<ObjectNode> items = new ArrayList<>();
    if (answer.hasReasoning()) {
      items.add(head.reasoningItem(Ids.next("rs_"), answer.reasoning.toString(), "completed"));
    }
    if (!answer.text.isEmpty() || answer.calls.isEmpty()) {
      items.add(head.messageItem(Ids.next("msg_"), answer, status(answer.finish)));
    }
    for (Answer.ToolCallText call : answer.calls) {
      items.add(
          head.callItem(
              Ids.next(head.input.isCustom(call.name) ? "ctc_" : "fc_"),
              call,
              call.complete ? "completed" : "incomplete"));
    }
    return items;
  }

  static ObjectNode usage(Usage usage) {
    ObjectNode json = WireJson.object().put("input_tokens", usage.input());
    json.putObject("input_tokens_details")
        .put("cached_tokens", usage.cacheRead())
        .put("cache_write_tokens", usage.cacheWrite());
    json.put("output_tokens", usage.output());
    json.putObject("output_tokens_details").put("reasoning_tokens", usage.outputReasoning());
    return json.put("total_tokens", usage.total());
  }
}
