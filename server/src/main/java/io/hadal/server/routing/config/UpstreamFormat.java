package io.hadal.server.routing.config;

import java.util.Set;

/** How an upstream wants to be spoken to. */
public enum UpstreamFormat {
  /** OpenAI, and what imitates it: vLLM, SGLang, llama.cpp, Hadal. */
  OPENAI(Operation.CHAT, Operation.COMPLETIONS, Operation.EMBEDDINGS, Operation.IMAGES),
  ANTHROPIC(Operation.MESSAGES),
  /** DeepSeek: Chat Completions, and Messages below {@code /anthropic}. */
  DEEPSEEK(Operation.CHAT, Operation.COMPLETIONS, Operation.MESSAGES);

  private final Set<Operation> speaks;

  UpstreamFormat(Operation... speaks) {
    this.speaks = Set.of(speaks);
  }

  /** What an upstream of this format answers when its configuration does not say. */
  public Set<Operation> speaks() {
    return speaks;
  }
}
