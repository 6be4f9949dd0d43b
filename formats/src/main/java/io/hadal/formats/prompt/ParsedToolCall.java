package io.hadal.formats.prompt;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.StringNode;

/**
 * A tool call found in a completion.
 *
 * @param namespace V4.1 namespace, null if none
 * @param arguments JSON text of the arguments object; values the model marked as JSON are pasted
 *     unchecked. Ends where the completion ended if the call is not {@code complete}
 * @param complete whether the call's markup was closed properly
 * @param rawText the call's markup exactly as generated, for {@link ToolCall#withRawText}
 */
public record ParsedToolCall(
    @Nullable String namespace, String name, String arguments, boolean complete, String rawText) {

  /** The name as written in the markup, with its namespace. */
  String printedName() {
    return new QualifiedName(namespace, name).printed();
  }

  /** The call as part of a conversation, replayed exactly if it is complete. */
  public ToolCall toToolCall(String id) {
    return new ToolCall(
        id, namespace, name, StringNode.valueOf(arguments), complete ? rawText : null);
  }
}
