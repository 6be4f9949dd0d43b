package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.Usage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Events of a streamed message: blocks one after the other, each opened and closed once. */
final class MessagesStream implements AnswerStream {
  private enum Block {
    NONE,
    THINKING,
    TEXT,
    TOOL
  }

  private final MessagesApi.Head head;
  private final StringBuilder reasoning = new StringBuilder();
  private Block open = Block.NONE;
  private int index = -1;
  private boolean started;
  private TurnEvent.@Nullable End end;

  MessagesStream(MessagesApi.Head head) {
    this.head = head;
  }

  @Override
  public void begin(EventStream out) throws IOException {
    // The counts of message_start are known when the prompt is taken in, so only headers go out.
    out.comment("accepted");
  }

  private void start(Usage usage, EventStream out) throws IOException {
    if (started) {
      return;
    }
    started = true;
    ObjectNode json = WireJson.object().put("type", "message_start");
    ObjectNode message = head.message(usage);
    ((ObjectNode) message.get("usage")).put("output_tokens", 1);
    json.set("message", message);
    out.event("message_start", json);
    keepAlive(out);
  }

  @Override
  public void event(TurnEvent event, Usage usage, EventStream out) throws IOException {
    start(usage, out);
    switch (event) {
      case TurnEvent.Started _ -> {}
      case TurnEvent.Reasoning r -> {
        reasoning.append(r.text());
        if (open != Block.THINKING) {
          open(
              Block.THINKING,
              WireJson.object().put("type", "thinking").put("thinking", "").put("signature", ""),
              out);
        }
        if (!head.omitThinking()) {
          delta(WireJson.object().put("type", "thinking_delta").put("thinking", r.text()), out);
        }
      }
      case TurnEvent.Text t -> {
        if (open != Block.TEXT) {
          open(
              Block.TEXT,
              WireJson.object().put("type", "text").put("text", "").putNull("citations"),
              out);
        }
        delta(WireJson.object().put("type", "text_delta").put("text", t.text()), out);
      }
      case TurnEvent.CallStart call -> {
        open(Block.TOOL, head.toolUse(call.id(), call.name(), WireJson.object()), out);
        delta(WireJson.object().put("type", "input_json_delta").put("partial_json", ""), out);
      }
      case TurnEvent.CallArguments arguments ->
          delta(
              WireJson.object()
                  .put("type", "input_json_delta")
                  .put("partial_json", arguments.json()),
              out);
      case TurnEvent.CallEnd _ -> close(out);
      case TurnEvent.End last -> {
        close(out);
        end = last;
      }
    }
  }

  private void open(Block block, ObjectNode content, EventStream out) throws IOException {
    close(out);
    open = block;
    index++;
    ObjectNode json = WireJson.object().put("type", "content_block_start").put("index", index);
    json.set("content_block", content);
    out.event("content_block_start", json);
  }

  private void delta(ObjectNode delta, EventStream out) throws IOException {
    ObjectNode json = WireJson.object().put("type", "content_block_delta").put("index", index);
    json.set("delta", delta);
    out.event("content_block_delta", json);
  }

  private void close(EventStream out) throws IOException {
    if (open == Block.NONE) {
      return;
    }
    if (open == Block.THINKING) {
      delta(
          WireJson.object()
              .put("type", "signature_delta")
              .put("signature", head.signature(reasoning)),
          out);
      reasoning.setLength(0);
    }
    open = Block.NONE;
    out.event(
        "content_block_stop",
        WireJson.object().put("type", "content_block_stop").put("index", index));
  }

  @Override
  public void end(Usage usage, EventStream out) throws IOException {
    TurnEvent.End last = end;
    ObjectNode json = WireJson.object().put("type", "message_delta");
    json.putObject("delta")
        .put("stop_reason", last == null ? "end_turn" : MessagesApi.reason(last.finish()))
        .put("stop_sequence", last == null ? null : last.stop())
        .putNull("stop_details");
    json.set("usage", MessagesApi.usage(usage));
    head.edits(json);
    out.event("message_delta", json);
    out.event("message_stop", WireJson.object().put("type", "message_stop"));
  }

  @Override
  public void fail(Problem problem, EventStream out) throws IOException {
    out.event("error", Dialect.ANTHROPIC.json(problem, head.call().requestId()));
  }

  @Override
  public void keepAlive(EventStream out) throws IOException {
    out.event("ping", WireJson.object().put("type", "ping"));
  }
}
