package io.hadal.formats.prompt;

import java.util.List;

/**
 * A parsed completion.
 *
 * @param reasoning text before {@code </think>}, untrimmed; empty in chat mode
 * @param content the answer, untrimmed
 * @param truncatedMarkup tool-call markup cut off by the end of the completion that is neither
 *     content nor part of a call's arguments; always empty from the strict parser
 * @param rawText the completion as it was given
 */
public record Completion(
    String reasoning,
    String content,
    List<ParsedToolCall> toolCalls,
    String truncatedMarkup,
    String rawText) {
  public Completion {
    toolCalls = List.copyOf(toolCalls);
  }
}
