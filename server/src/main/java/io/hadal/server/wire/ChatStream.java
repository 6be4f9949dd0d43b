package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.chat.TokenInfo;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.Usage;
import java.io.IOException;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Chunks of a streamed chat completion. */
final class ChatStream implements AnswerStream {
  private final ChatCompletions.Head head;
  private final int choices;
  private final boolean includeUsage;

  ChatStream(ChatCompletions.Head head, int choices, boolean includeUsage) {
    this.head = head;
    this.choices = choices;
    this.includeUsage = includeUsage;
  }

  @Override
  public void begin(EventStream out) throws IOException {
    for (int i = 0; i < choices; i++) {
      ObjectNode delta = WireJson.object().put("role", "assistant");
      if (head.reasons()) {
        delta.putNull("content").put("reasoning_content", "");
      } else {
        delta.put("content", "");
      }
      out.data(chunk(i, delta, List.of(), ""));
    }
  }

  @Override
  public void event(TurnEvent event, Usage usage, EventStream out) throws IOException {
    ObjectNode delta = WireJson.object();
    switch (event) {
      case TurnEvent.Started _ -> {}
      case TurnEvent.Reasoning r ->
          out.data(
              chunk(r.choice(), delta.put("reasoning_content", r.text()), r.tokens(), "reasoning"));
      case TurnEvent.Text t ->
          out.data(chunk(t.choice(), delta.put("content", t.text()), t.tokens(), "content"));
      case TurnEvent.CallStart start -> {
        if (head.legacy()) {
          if (start.index() == 0) {
            delta.putObject("function_call").put("name", start.name()).put("arguments", "");
            out.data(chunk(start.choice(), delta, List.of(), ""));
          }
          return;
        }
        delta
            .putArray("tool_calls")
            .addObject()
            .put("index", start.index())
            .put("id", "call_" + start.id())
            .put("type", "function")
            .putObject("function")
            .put("name", start.name())
            .put("arguments", "");
        out.data(chunk(start.choice(), delta, List.of(), ""));
      }
      case TurnEvent.CallArguments arguments -> {
        if (head.legacy()) {
          if (arguments.index() == 0) {
            delta.putObject("function_call").put("arguments", arguments.json());
            out.data(chunk(arguments.choice(), delta, List.of(), ""));
          }
          return;
        }
        delta
            .putArray("tool_calls")
            .addObject()
            .put("index", arguments.index())
            .putObject("function")
            .put("arguments", arguments.json());
        out.data(chunk(arguments.choice(), delta, List.of(), ""));
      }
      case TurnEvent.CallEnd _ -> {}
      case TurnEvent.End end -> {
        ObjectNode json = chunk(end.choice(), delta, List.of(), "");
        ((ObjectNode) json.get("choices").get(0)).put("finish_reason", head.finish(end.finish()));
        out.data(json);
      }
    }
  }

  private ObjectNode chunk(int index, ObjectNode delta, List<TokenInfo> tokens, String kind) {
    ObjectNode json = head.object("chat.completion.chunk");
    ObjectNode choice = json.putArray("choices").addObject().put("index", index);
    choice.set("delta", delta);
    if (head.logprobs() && !kind.isEmpty()) {
      ObjectNode logprobs = choice.putObject("logprobs");
      if (kind.equals("content")) {
        logprobs.set("content", OpenAiFields.logprobs(tokens));
        logprobs.putNull("refusal");
      } else {
        logprobs.putNull("content").putNull("refusal");
        logprobs.set("reasoning_content", OpenAiFields.logprobs(tokens));
      }
    } else {
      choice.putNull("logprobs");
    }
    choice.putNull("finish_reason");
    if (includeUsage) {
      json.putNull("usage");
    }
    return json;
  }

  @Override
  public void end(Usage usage, EventStream out) throws IOException {
    if (includeUsage) {
      ObjectNode json = head.object("chat.completion.chunk");
      json.putArray("choices");
      json.set("usage", OpenAiFields.usage(usage));
      out.data(json);
    }
    out.data("[DONE]");
  }

  @Override
  public void fail(Problem problem, EventStream out) throws IOException {
    out.data(Dialect.OPENAI.json(problem, ""));
  }

  @Override
  public void keepAlive(EventStream out) throws IOException {
    out.comment("keep-alive");
  }
}
