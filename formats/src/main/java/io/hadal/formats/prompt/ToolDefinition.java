package io.hadal.formats.prompt;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A tool offered to the model.
 *
 * @param function the function object, printed with its keys in order
 * @param namespace V4.1 only: namespace name, or an object of {@code name} and {@code description}
 */
public record ToolDefinition(ObjectNode function, @Nullable JsonNode namespace) {
  public ToolDefinition(ObjectNode function) {
    this(function, null);
  }
}
