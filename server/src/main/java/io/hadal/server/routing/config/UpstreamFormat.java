package io.hadal.server.routing.config;

import java.util.Set;

/** How an upstream wants to be spoken to. */
public enum UpstreamFormat {
  /** OpenAI, and what imitates it: vLLM, SGLang, llama.cpp, Hadal. */
  OPENAI,
  ANTHROPIC,
  /** DeepSeek: Chat Completions, and Messages below {@code /anthropic}. */
  DEEPSEEK;

  /** What an upstream of this format answers when its configuration does not say. */
  public Set<Operation> speaks() {
    return switch (this) {
      case OPENAI ->
          Set.of(Operation.CHAT, Operation.COMPLETIONS, Operation.EMBEDDINGS, Operation.IMAGES);
      case ANTHROPIC -> Set.of(Operation.MESSAGES);
      case DEEPSEEK -> Set.of(Operation.CHAT, Operation.COMPLETIONS, Operation.MESSAGES);
    };
  }
}
