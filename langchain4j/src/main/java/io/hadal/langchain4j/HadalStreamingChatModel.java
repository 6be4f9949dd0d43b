package io.hadal.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;

/**
 * As {@link HadalChatModel}, with text, reasoning and calls as they come. Each answer has a virtual
 * thread, on which its handler is called.
 */
public final class HadalStreamingChatModel extends EngineModel implements StreamingChatModel {
  private HadalStreamingChatModel(Turns turns) {
    super(turns);
  }

  /** A model to be made. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    io.hadal.chat.ChatRequest turn;
    try {
      turn = turns.request(request);
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
    StreamedTurn streamed = new StreamedTurn(turns, request, handler);
    Thread.ofVirtual().name("hadal-stream").start(() -> streamed.run(turn));
  }

  /** Collects what a model is made of. */
  public static final class Builder extends HadalModelBuilder<Builder, HadalStreamingChatModel> {
    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    @Override
    public HadalStreamingChatModel build() {
      return new HadalStreamingChatModel(turns());
    }
  }
}
