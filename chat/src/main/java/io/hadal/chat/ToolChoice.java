package io.hadal.chat;

/** Whether the model may, must or must not call tools. */
public sealed interface ToolChoice {
  ToolChoice AUTO = new Auto();
  ToolChoice NONE = new None();
  ToolChoice REQUIRED = new Required();

  /** As the model likes. */
  record Auto() implements ToolChoice {}

  /** No calls. */
  record None() implements ToolChoice {}

  /** At least one call of any tool. */
  record Required() implements ToolChoice {}

  /** A call of this tool. */
  record Named(String name) implements ToolChoice {}
}
