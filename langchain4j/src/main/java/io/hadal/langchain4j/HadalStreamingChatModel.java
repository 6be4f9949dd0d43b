package io.hadal.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.Set;

/**
 * As {@link HadalChatModel}, with text, reasoning and calls as they come. Each answer has a virtual
 * thread, on which its handler is called.
 */
public final class HadalStreamingChatModel implements StreamingChatModel {
  private final Turns turns;

  private HadalStreamingChatModel(Turns turns) {
    this.turns = turns;
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

  @Override
  public ChatRequestParameters defaultRequestParameters() {
    return turns.parameters();
  }

  @Override
  public List<ChatModelListener> listeners() {
    return turns.listeners();
  }

  @Override
  public ModelProvider provider() {
    return ModelProvider.OTHER;
  }

  @Override
  public Set<Capability> supportedCapabilities() {
    return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
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
