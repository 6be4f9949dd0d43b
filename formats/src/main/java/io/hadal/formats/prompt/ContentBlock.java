package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** One part of a message's content. */
public sealed interface ContentBlock {
  /** The block's type name as it appears in JSON. */
  String type();

  /** Plain text. */
  record Text(String text) implements ContentBlock {
    @Override
    public String type() {
      return "text";
    }
  }

  /**
   * An image by address or by source object; at least one of them is present.
   *
   * @param type the JSON spelling, {@code image} or {@code image_url}
   */
  record Image(String type, @Nullable String url, @Nullable JsonNode source)
      implements ContentBlock {
    public Image {
      if ((url == null || url.isEmpty()) && source == null) {
        throw new FormatException("prompt", "image without a source: give a url or source object");
      }
    }

    /** An image by URL. */
    public static Image ofUrl(String url) {
      return new Image("image", url, null);
    }

    /** The image record in the form of the reference encoder. */
    public ObjectNode toJson() {
      ObjectNode json = JsonNodeFactory.instance.objectNode().put("type", "image");
      if (url != null) {
        json.put("url", url);
      }
      if (source != null) {
        json.set("source", source);
      }
      return json;
    }
  }

  /**
   * What a tool returned.
   *
   * @param callId id of the answered call, empty if unknown
   * @param text plain content, or null when {@code parts} hold it
   */
  record ToolResult(String callId, @Nullable String text, List<ContentBlock> parts)
      implements ContentBlock {
    public ToolResult {
      parts = List.copyOf(parts);
    }

    @Override
    public String type() {
      return "tool_result";
    }
  }

  /** A block of a type the prompt cannot express; rendered as {@code [Unsupported TYPE]}. */
  record Unsupported(String type) implements ContentBlock {}
}
