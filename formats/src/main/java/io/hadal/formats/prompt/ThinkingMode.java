package io.hadal.formats.prompt;

/** Whether the assistant turn begins with reasoning. */
public enum ThinkingMode {
  CHAT,
  THINKING
}
