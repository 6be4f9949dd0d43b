package io.hadal.formats.prompt;

import org.jspecify.annotations.Nullable;

/** A step of a completion that is being generated. */
public sealed interface CompletionEvent {
  /** More reasoning. */
  record ReasoningDelta(String text) implements CompletionEvent {}

  /** More answer text. */
  record ContentDelta(String text) implements CompletionEvent {}

  /**
   * A call begins.
   *
   * @param index number of the call in the completion, from 0
   */
  record ToolCallStart(int index, @Nullable String namespace, String name)
      implements CompletionEvent {}

  /** More of the call's arguments; the pieces of a call add up to its JSON text. */
  record ToolArgumentsDelta(int index, String json) implements CompletionEvent {}

  /**
   * A call ends.
   *
   * @param complete false when its markup broke off or turned out malformed; its arguments are then
   *     no valid JSON
   */
  record ToolCallEnd(int index, boolean complete) implements CompletionEvent {}

  /** Nothing follows. */
  record Done(Completion completion) implements CompletionEvent {}
}
