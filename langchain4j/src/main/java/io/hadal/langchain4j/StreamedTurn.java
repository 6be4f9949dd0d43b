package io.hadal.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.internal.InternalStreamingChatResponseHandlerUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.hadal.chat.Generation;
import io.hadal.chat.Hadal;
import io.hadal.chat.Reply;
import io.hadal.chat.TurnEvent;
import java.util.ArrayList;
import java.util.List;

/** One answer on its way to its handler. */
final class StreamedTurn {
  private final Turns turns;
  private final ChatRequest request;
  private final StreamingChatResponseHandler handler;
  private final List<Call> calls = new ArrayList<>();

  private record Call(String id, String name, StringBuilder arguments) {}

  StreamedTurn(Turns turns, ChatRequest request, StreamingChatResponseHandler handler) {
    this.turns = turns;
    this.request = request;
    this.handler = handler;
  }

  private record Handle(Generation generation, boolean[] cancelled) implements StreamingHandle {
    @Override
    public void cancel() {
      synchronized (cancelled) {
        cancelled[0] = true;
      }
      generation.cancel();
    }

    @Override
    public boolean isCancelled() {
      synchronized (cancelled) {
        return cancelled[0];
      }
    }
  }

  void run(io.hadal.chat.ChatRequest turn) {
    Hadal hadal = turns.hadal();
    try (Generation generation = hadal.start(turn)) {
      Handle handle = new Handle(generation, new boolean[1]);
      Reply reply = hadal.reply(generation, turn.client(), event -> pass(event, handle));
      if (!handle.isCancelled()) {
        InternalStreamingChatResponseHandlerUtils.onCompleteResponse(
            handler, turns.response(request, reply));
      }
    } catch (RuntimeException e) {
      InternalStreamingChatResponseHandlerUtils.withLoggingExceptions(
          () -> handler.onError(Failures.of(e)));
    }
  }

  private void pass(TurnEvent event, Handle handle) {
    if (handle.isCancelled()) {
      return;
    }
    switch (event) {
      case TurnEvent.Text text ->
          InternalStreamingChatResponseHandlerUtils.onPartialResponse(handler, text.text(), handle);
      case TurnEvent.Reasoning reasoning ->
          InternalStreamingChatResponseHandlerUtils.onPartialThinking(
              handler, reasoning.text(), handle);
      case TurnEvent.CallStart start ->
          calls.add(new Call(Hadal.callId(start), start.name(), new StringBuilder()));
      case TurnEvent.CallArguments more -> {
        Call call = calls.get(more.index());
        call.arguments.append(more.json());
        InternalStreamingChatResponseHandlerUtils.onPartialToolCall(
            handler,
            PartialToolCall.builder()
                .index(more.index())
                .id(call.id)
                .name(call.name)
                .partialArguments(more.json())
                .build(),
            handle);
      }
      case TurnEvent.CallEnd end -> {
        if (end.complete()) {
          Call call = calls.get(end.index());
          InternalStreamingChatResponseHandlerUtils.onCompleteToolCall(
              handler,
              new CompleteToolCall(
                  end.index(),
                  ToolExecutionRequest.builder()
                      .id(call.id)
                      .name(call.name)
                      .arguments(call.arguments.toString())
                      .build()));
        }
      }
      case TurnEvent.Started _, TurnEvent.End _ -> {}
    }
  }
}
