package io.hadal.formats.prompt;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/**
 * A call an assistant message made.
 *
 * @param id call id that tool results refer to
 * @param namespace V4.1 only; V4 has no namespaces and prints the name alone
 * @param arguments JSON text as a string node (the usual case), or the arguments object itself
 * @param rawText the exact markup the model produced for this call ({@link
 *     ParsedToolCall#rawText()}); when present it is printed instead of a rendering of {@code
 *     arguments}, which keeps the prompt identical to what was sampled
 */
public record ToolCall(
    @Nullable String id,
    @Nullable String namespace,
    String name,
    JsonNode arguments,
    @Nullable String rawText) {

  /** A call with arguments given as JSON text. */
  public static ToolCall of(@Nullable String id, String name, String argumentsJson) {
    return new ToolCall(id, null, name, StringNode.valueOf(argumentsJson), null);
  }

  /** This call, printed as {@code rawText}. */
  public ToolCall withRawText(String text) {
    return new ToolCall(id, namespace, name, arguments, text);
  }
}
