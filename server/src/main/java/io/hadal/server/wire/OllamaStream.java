package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.TurnEvent.Finish;
import io.hadal.chat.Usage;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Lines of JSON of Ollama's chat, or of its plain generation. */
final class OllamaStream implements AnswerStream {
  private final Call call;
  private final String model;
  private final boolean chat;
  private final Map<Integer, Answer.ToolCallText> calls = new HashMap<>();
  private Finish finish = Finish.STOP;

  /**
   * @param chat true for messages, false for {@code response}
   */
  OllamaStream(Call call, String model, boolean chat) {
    this.call = call;
    this.model = model;
    this.chat = chat;
  }

  private ObjectNode line(boolean done) {
    ObjectNode json =
        WireJson.object().put("model", model).put("created_at", Instant.now().toString());
    return json.put("done", done);
  }

  private ObjectNode text(ObjectNode json, String text, String thinking) {
    if (!chat) {
      json.put("response", text);
      if (!thinking.isEmpty()) {
        json.put("thinking", thinking);
      }
      return json;
    }
    ObjectNode message = json.putObject("message").put("role", "assistant").put("content", text);
    if (!thinking.isEmpty()) {
      message.put("thinking", thinking);
    }
    return json;
  }

  /** A call as Ollama has it: the arguments are an object. */
  private static void putCall(ArrayNode list, Answer.ToolCallText made) {
    ObjectNode function = list.addObject().putObject("function").put("name", made.name);
    JsonNode arguments;
    try {
      arguments =
          Json.parse(made.arguments.toString().getBytes(StandardCharsets.UTF_8), "arguments");
    } catch (FormatException e) {
      // Cut off by the limit of the answer.
      arguments = WireJson.object();
    }
    function.set("arguments", arguments);
  }

  @Override
  public void begin(EventStream out) {
    // The first line comes with the first text.
  }

  @Override
  public void event(TurnEvent event, Usage usage, EventStream out) throws IOException {
    switch (event) {
      case TurnEvent.Started _ -> {}
      case TurnEvent.Reasoning r -> out.line(text(line(false), "", r.text()));
      case TurnEvent.Text t -> out.line(text(line(false), t.text(), ""));
      case TurnEvent.CallStart s ->
          calls.put(s.index(), new Answer.ToolCallText(s.id(), s.namespace(), s.name()));
      case TurnEvent.CallArguments a -> {
        Answer.ToolCallText made = calls.get(a.index());
        if (made != null) {
          made.arguments.append(a.json());
        }
      }
      case TurnEvent.CallEnd e -> {
        Answer.ToolCallText made = calls.remove(e.index());
        // Plain generation has no tools; a call in it has nowhere to go.
        if (made != null && chat) {
          ObjectNode json = text(line(false), "", "");
          putCall(((ObjectNode) json.get("message")).putArray("tool_calls"), made);
          out.line(json);
        }
      }
      case TurnEvent.End e -> finish = e.finish();
    }
  }

  @Override
  public void end(Usage usage, EventStream out) throws IOException {
    out.line(last(text(line(true), "", ""), usage, finish));
  }

  /** The whole answer at once. */
  ObjectNode whole(Answer answer, Usage usage) {
    ObjectNode json = text(line(true), answer.text.toString(), answer.reasoning.toString());
    if (chat && !answer.calls.isEmpty()) {
      ArrayNode list = ((ObjectNode) json.get("message")).putArray("tool_calls");
      answer.calls.forEach(made -> putCall(list, made));
    }
    return last(json, usage, answer.finish);
  }

  private ObjectNode last(ObjectNode json, Usage usage, Finish why) {
    long total = call.age().toNanos();
    long prompt = call.firstToken() == null ? 0 : call.firstToken().toNanos();
    return json.put(
            "done_reason", why == Finish.LENGTH || why == Finish.CONTEXT ? "length" : "stop")
        .put("total_duration", total)
        .put("load_duration", 0)
        .put("prompt_eval_count", usage.input())
        .put("prompt_eval_duration", prompt)
        .put("eval_count", usage.output())
        .put("eval_duration", Math.max(0, total - prompt));
  }

  @Override
  public void fail(Problem problem, EventStream out) throws IOException {
    out.line(Dialect.OLLAMA.json(problem, ""));
  }

  @Override
  public void keepAlive(EventStream out) throws IOException {
    out.blankLine();
  }

  @Override
  public String mediaType() {
    return "application/x-ndjson";
  }
}
