package io.hadal.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;

/**
 * A chat model in this process. Tools, forced tools, JSON and JSON Schema are enforced token by
 * token. Safe for concurrent use: requests of several threads run together.
 */
public final class HadalChatModel extends EngineModel implements ChatModel {
  private HadalChatModel(Turns turns) {
    super(turns);
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
