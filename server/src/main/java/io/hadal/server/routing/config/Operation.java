package io.hadal.server.routing.config;

import java.util.Locale;

/** What a client asks for. */
public enum Operation {
  CHAT("chat", "/chat/completions"),
  COMPLETIONS("completion", "/completions"),
  RESPONSES("responses", "/responses"),
  MESSAGES("messages", "/messages"),
  COUNT_TOKENS("count_tokens", "/messages/count_tokens"),
  COUNT_INPUT("input_tokens", "/responses/input_tokens"),
  EMBEDDINGS("embedding", "/embeddings"),
  IMAGES("image", "/images/generations"),
  VIDEOS("video", "/videos");

  private final String label;
  private final String path;

  Operation(String label, String path) {
    this.label = label;
    this.path = path;
  }

  /** Name in usage records and metrics. */
  public String label() {
    return label;
  }

  /** Path behind {@code /v1}. */
  public String path() {
    return path;
  }

  /** Name in configuration files. */
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** True for the dialect of Anthropic. */
  public boolean anthropic() {
    return this == MESSAGES || this == COUNT_TOKENS;
  }

  /** What an upstream has to speak so that it can do this. */
  public Operation needed() {
    return switch (this) {
      case COUNT_TOKENS -> MESSAGES;
      case COUNT_INPUT -> RESPONSES;
      default -> this;
    };
  }

  /** True for what only counts a prompt, which is free. */
  public boolean counts() {
    return this == COUNT_TOKENS || this == COUNT_INPUT;
  }

  /** True for what yields text token by token. */
  public boolean generates() {
    return this == CHAT || this == COMPLETIONS || this == RESPONSES || this == MESSAGES;
  }
}
