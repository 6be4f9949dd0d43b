package io.hadal.server.admin;

import io.hadal.platform.SecretText;
import io.hadal.platform.tenancy.Page;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.POJONode;

/**
 * JSON of administration. A secret is a {@link SecretText} inside the tree: it becomes text where
 * an answer is written, and a placeholder everywhere else.
 */
final class AdminJson {
  private AdminJson() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** A part of a list. */
  static <T> ObjectNode page(Page<T> page, Function<T, ? extends JsonNode> item) {
    ObjectNode json = object();
    ArrayNode data = json.putArray("data");
    page.data().forEach(row -> data.add(item.apply(row)));
    json.put("next", page.next());
    return json;
  }

  /** Time in ISO 8601; null stays null. */
  static @Nullable String time(@Nullable Long millis) {
    return millis == null ? null : Instant.ofEpochMilli(millis).toString();
  }

  /** The answer as it goes out, with its secrets. */
  static byte[] answer(JsonNode json) {
    return text(copy(json, true)).getBytes(StandardCharsets.UTF_8);
  }

  /** For everybody but the one who asked: without secrets. */
  static @Nullable JsonNode redacted(@Nullable JsonNode json) {
    return json == null ? null : copy(json, false);
  }

  private static String text(JsonNode json) {
    return JsonMapper.shared().writeValueAsString(json);
  }

  private static JsonNode copy(JsonNode json, boolean reveal) {
    if (json instanceof POJONode node && node.getPojo() instanceof SecretText secret) {
      return JsonNodeFactory.instance.stringNode(reveal ? secret.reveal() : secret.toString());
    }
    if (json instanceof ObjectNode object) {
      ObjectNode copy = object();
      object.properties().forEach(e -> copy.set(e.getKey(), copy(e.getValue(), reveal)));
      return copy;
    }
    if (json instanceof ArrayNode array) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      array.forEach(item -> copy.add(copy(item, reveal)));
      return copy;
    }
    return json;
  }
}
