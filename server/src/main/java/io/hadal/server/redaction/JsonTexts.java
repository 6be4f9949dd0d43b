package io.hadal.server.redaction;

import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * Goes through all texts of a request or an answer. What is not known to be structure is text, so
 * that a new field is not forgotten.
 */
final class JsonTexts {
  /** Names whose values tie parts together, as long as they look like that. */
  private static final Set<String> STRUCTURE =
      Set.of(
          "role",
          "type",
          "id",
          "object",
          "status",
          "format",
          "detail",
          "effort",
          "reasoning_effort",
          "verbosity",
          "service_tier",
          "tool_call_id",
          "call_id",
          "tool_use_id",
          "item_id",
          "response_id",
          "previous_response_id",
          "encoding_format",
          "media_type",
          "finish_reason",
          "stop_reason",
          "done_reason",
          "system_fingerprint",
          "obfuscation",
          "created_at",
          "name");

  /** Names of bytes in base 64. */
  private static final Set<String> BYTES =
      Set.of(
          "data",
          "encrypted_content",
          "signature",
          "file_data",
          "b64_json",
          "images",
          "url",
          "image_url");

  private static final int LEAST_BYTES = 64;
  private static final int LONGEST_NAME = 200;

  /** Shorter numbers stand for nobody. */
  private static final int LEAST_DIGITS = 7;

  private JsonTexts() {}

  /** What happens to a text. */
  interface Filter {
    /** A text as it is written. */
    String text(String name, String text);

    /** A text that is JSON, such as arguments of a tool. */
    String json(String text);
  }

  /** Changes the texts of an object in place. */
  static void change(ObjectNode object, Filter filter) {
    List.copyOf(object.propertyNames()).forEach(name -> change(object, name, filter));
  }

  /** Changes the texts of one member in place. */
  static void change(ObjectNode object, String name, Filter filter) {
    JsonNode value = object.get(name);
    if (value == null) {
      return;
    }
    boolean person = name.equals("name") && isOfPerson(object);
    object.set(
        name,
        value.isString()
            ? string(person ? "" : name, value.stringValue(), filter)
            : nested(name, value, filter));
  }

  /** A participant's name is a person's, that of a tool ties parts together. */
  private static boolean isOfPerson(ObjectNode object) {
    String role = object.path("role").asString("");
    return object.has("content") && !role.equals("tool") && !role.equals("function");
  }

  private static JsonNode nested(String name, JsonNode value, Filter filter) {
    if (value instanceof ObjectNode object) {
      if (name.equals("metadata")) {
        return labelled(object, filter);
      }
      boolean free = name.equals("input") || name.equals("arguments");
      return free ? free(object, filter) : changed(object, filter);
    }
    if (value instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        JsonNode item = array.get(i);
        array.set(
            i,
            item.isString() ? string(name, item.stringValue(), filter) : nested("", item, filter));
      }
    }
    return value;
  }

  /** What a client notes with a request: no name in it ties parts together. */
  private static ObjectNode labelled(ObjectNode object, Filter filter) {
    for (String name : List.copyOf(object.propertyNames())) {
      JsonNode value = object.get(name);
      object.set(
          name,
          value.isString()
              ? StringNode.valueOf(filter.text(name, value.stringValue()))
              : freeValue(value, filter));
    }
    return object;
  }

  private static ObjectNode changed(ObjectNode object, Filter filter) {
    change(object, filter);
    return object;
  }

  /** An object that a model has written: its names are texts as well. */
  static ObjectNode free(ObjectNode object, Filter filter) {
    ObjectNode out = object.objectNode();
    for (String name : List.copyOf(object.propertyNames())) {
      out.set(filter.text("", name), freeValue(object.get(name), filter));
    }
    return out;
  }

  /** A value that a model has written. */
  static JsonNode freeValue(JsonNode value, Filter filter) {
    if (value.isString()) {
      return StringNode.valueOf(filter.text("", value.stringValue()));
    }
    if (value.isIntegralNumber()) {
      // Numbers of cards and the like may stand without quotes.
      String digits = value.asString();
      String by = digits.length() < LEAST_DIGITS ? digits : filter.text("", digits);
      return by.equals(digits) ? value : StringNode.valueOf(by);
    }
    if (value instanceof ObjectNode object) {
      return free(object, filter);
    }
    if (value instanceof ArrayNode array) {
      ArrayNode out = array.arrayNode();
      array.forEach(item -> out.add(freeValue(item, filter)));
      return out;
    }
    return value;
  }

  private static StringNode string(String name, String text, Filter filter) {
    if (isStructure(name, text)) {
      return StringNode.valueOf(text);
    }
    boolean json = name.equals("arguments") || name.equals("partial_json");
    return StringNode.valueOf(json ? filter.json(text) : filter.text(name, text));
  }

  private static boolean isStructure(String name, String text) {
    if (name.equals("model")) {
      return true;
    }
    if (STRUCTURE.contains(name)) {
      return text.length() <= LONGEST_NAME && all(text, "_.:/+-");
    }
    return BYTES.contains(name)
        && (text.startsWith("data:") || (text.length() >= LEAST_BYTES && all(text, "+/=_-\r\n")));
  }

  /** Whether a text has only letters and digits of ASCII and some others. */
  private static boolean all(String text, String others) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!plain && others.indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }
}
