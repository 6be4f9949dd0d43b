package io.hadal.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.List;
import java.util.Set;

/**
 * A chat model in this process. Tools, forced tools, JSON and JSON Schema are enforced token by
 * token. Safe for concurrent use: requests of several threads run together.
 */
public final class HadalChatModel implements ChatModel {
  private final Turns turns;

  private HadalChatModel(Turns turns) {
    this.turns = turns;
  }

  /** A model to be made. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public ChatResponse doChat(ChatRequest request) {
    try {
      return turns.response(request, turns.hadal().chat(turns.request(request)));
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
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
  public static final class Builder extends HadalModelBuilder<Builder, HadalChatModel> {
    private Builder() {}

    @Override
    Builder self() {
      return this;
    }

    @Override
    public HadalChatModel build() {
      return new HadalChatModel(turns());
    }
  }
}
