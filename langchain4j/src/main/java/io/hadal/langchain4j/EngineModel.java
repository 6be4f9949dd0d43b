package io.hadal.langchain4j;

import dev.langchain4j.model.ModelProvider;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import java.util.List;
import java.util.Set;

/** What both kinds of chat model tell of themselves. */
abstract class EngineModel {
  final Turns turns;

  EngineModel(Turns turns) {
    this.turns = turns;
  }

  public ChatRequestParameters defaultRequestParameters() {
    return turns.parameters();
  }

  public List<ChatModelListener> listeners() {
    return turns.listeners();
  }

  public ModelProvider provider() {
    return ModelProvider.OTHER;
  }

  public Set<Capability> supportedCapabilities() {
    return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
  }
}
