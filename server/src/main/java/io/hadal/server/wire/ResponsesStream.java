package io.hadal.server.wire;

import io.hadal.chat.Ids;
import io.hadal.chat.Problem;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.TurnEvent.Finish;
import io.hadal.chat.Usage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Events of a streamed response. */
final class ResponsesStream implements AnswerStream {
  private enum Open {
    NONE,
    REASONING,
    MESSAGE,
    CALL
  }

  private final ResponsesApi.Head head;
  private final List<ObjectNode> output = new ArrayList<>();
  private Answer answer = new Answer();
  private Open open = Open.NONE;
  private String itemId = "";
  private int sequence;
  private Finish finish = Finish.STOP;

  ResponsesStream(ResponsesApi.Head head) {
    this.head = head;
  }

  private void send(String type, ObjectNode json, EventStream out) throws IOException {
    ObjectNode event = WireJson.object().put("type", type).put("sequence_number", sequence++);
    event.setAll(json);
    out.event(type, event);
  }

  private static ObjectNode with(String name, ObjectNode value) {
    ObjectNode json = WireJson.object();
    json.set(name, value);
    return json;
  }

  @Override
  public void begin(EventStream out) throws IOException {
    ObjectNode response = head.response("in_progress", List.of(), null);
    send("response.created", with("response", response), out);
    send("response.in_progress", with("response", response), out);
  }

  @Override
  public void event(TurnEvent event, Usage usage, EventStream out) throws IOException {
    switch (event) {
      case TurnEvent.Started _ -> {}
      case TurnEvent.Reasoning r -> {
        if (open != Open.REASONING) {
          close("completed", out);
          open(Open.REASONING, "rs_");
          added(head.reasoningItem(itemId, "", "in_progress"), out);
          part("added", WireJson.object().put("type", "reasoning_text").put("text", ""), out);
        }
        answer.take(r);
        send("response.reasoning_text.delta", place(true).put("delta", r.text()), out);
      }
      case TurnEvent.Text t -> {
        openMessage(out);
        answer.take(t);
        ObjectNode json = place(true).put("delta", t.text());
        json.set("logprobs", OpenAiFields.logprobs(t.tokens()));
        send("response.output_text.delta", json, out);
      }
      case TurnEvent.CallStart start -> {
        close("completed", out);
        open(Open.CALL, head.input().isCustom(start.name()) ? "ctc_" : "fc_");
        answer.calls.add(new Answer.ToolCallText(start.id(), start.namespace(), start.name()));
        added(head.callItem(itemId, call(), "in_progress"), out);
      }
      case TurnEvent.CallArguments arguments -> {
        call().arguments.append(arguments.json());
        if (!head.input().isCustom(call().name)) {
          send(
              "response.function_call_arguments.delta",
              place(false).put("delta", arguments.json()),
              out);
        }
      }
      case TurnEvent.CallEnd end -> {
        call().complete = end.complete();
        close(end.complete() ? "completed" : "incomplete", out);
      }
      case TurnEvent.End end -> {
        finish = end.finish();
        if (open == Open.NONE && output.isEmpty()) {
          openMessage(out);
        }
        close(ResponsesApi.status(finish), out);
      }
    }
  }

  private Answer.ToolCallText call() {
    return answer.calls.getFirst();
  }

  private void openMessage(EventStream out) throws IOException {
    if (open == Open.MESSAGE) {
      return;
    }
    close("completed", out);
    open(Open.MESSAGE, "msg_");
    added(head.messageItem(itemId, answer, "in_progress"), out);
    part("added", ResponsesApi.Head.textPart(answer), out);
  }

  private void open(Open what, String prefix) {
    open = what;
    itemId = Ids.next(prefix);
    answer = new Answer();
  }

  private ObjectNode place(boolean content) {
    ObjectNode json = WireJson.object().put("item_id", itemId).put("output_index", output.size());
    return content ? json.put("content_index", 0) : json;
  }

  private void added(ObjectNode item, EventStream out) throws IOException {
    send("response.output_item.added", with("item", item).put("output_index", output.size()), out);
  }

  private void part(String what, ObjectNode part, EventStream out) throws IOException {
    ObjectNode json = place(true);
    json.set("part", part);
    send("response.content_part." + what, json, out);
  }

  private void close(String status, EventStream out) throws IOException {
    ObjectNode item;
    switch (open) {
      case NONE -> {
        return;
      }
      case REASONING -> {
        String text = answer.reasoning.toString();
        send("response.reasoning_text.done", place(true).put("text", text), out);
        part("done", WireJson.object().put("type", "reasoning_text").put("text", text), out);
        item = head.reasoningItem(itemId, text, "completed");
      }
      case MESSAGE -> {
        ObjectNode done = place(true).put("text", answer.text.toString());
        done.set("logprobs", OpenAiFields.logprobs(answer.textTokens));
        send("response.output_text.done", done, out);
        part("done", ResponsesApi.Head.textPart(answer), out);
        item = head.messageItem(itemId, answer, status);
      }
      default -> {
        item = head.callItem(itemId, call(), status);
        if (head.input().isCustom(call().name)) {
          // The text is known once the JSON around it is complete.
          String input = item.get("input").stringValue();
          send("response.custom_tool_call_input.delta", place(false).put("delta", input), out);
          send("response.custom_tool_call_input.done", place(false).put("input", input), out);
        } else {
          send(
              "response.function_call_arguments.done",
              place(false)
                  .put("name", item.get("name").stringValue())
                  .put("arguments", call().arguments.toString()),
              out);
        }
      }
    }
    send("response.output_item.done", with("item", item).put("output_index", output.size()), out);
    output.add(item);
    open = Open.NONE;
  }

  @Override
  public void end(Usage usage, EventStream out) throws IOException {
    String status = ResponsesApi.status(finish);
    send("response." + status, with("response", head.response(status, output, usage)), out);
  }

  @Override
  public void fail(Problem problem, EventStream out) throws IOException {
    ObjectNode response = head.response("failed", output, null);
    response
        .putObject("error")
        .put("code", problem.code())
        .put("message", Dialect.message(problem.message()));
    send("response.failed", with("response", response), out);
  }

  @Override
  public void keepAlive(EventStream out) throws IOException {
    out.comment("keep-alive");
  }
}
