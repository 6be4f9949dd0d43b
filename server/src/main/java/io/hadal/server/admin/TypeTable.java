package io.hadal.server.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * JSON Schemas of answers or requests, from a table of types; the files say how they are written.
 */
final class TypeTable {
  private static final String FIELDS_OF = "of";
  private static final String PAGE = "page ";
  private static final String OR = " | ";
  private static final String ENUM = "enum ";
  private static final Pattern NUMBER =
      Pattern.compile("(integer|number)(?: (-?[0-9.]+?)?[.][.](-?[0-9.]+)?)?");
  private static final Pattern SIZE = Pattern.compile("(\\[.*\\])(?: ([0-9]+)?[.][.]([0-9]+)?)?");

  private final Map<String, JsonNode> types = new LinkedHashMap<>();
  private final Map<String, String> calls = new LinkedHashMap<>();
  private final Map<String, String> events = new LinkedHashMap<>();

  /** Whether fields may be missing or null unless they say otherwise. */
  private final boolean optional;

  /** Where schemas of types stand in the description. */
  private static final String PLACE = "#/components/schemas/";

  /**
   * Reads a table.
   *
   * @param resource name of the file beside this class
   * @throws IllegalStateException when a name means nothing
   */
  TypeTable(String resource) {
    JsonNode table;
    try (InputStream in = TypeTable.class.getResourceAsStream(resource)) {
      table = new YAMLMapper().readTree(Objects.requireNonNull(in, resource));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    optional = table.path("fields").asString("").equals("optional");
    table.path("types").properties().forEach(t -> types.put(t.getKey(), t.getValue()));
    table.path("calls").properties().forEach(c -> calls.put(c.getKey(), c.getValue().asString("")));
    table
        .path("events")
        .properties()
        .forEach(c -> events.put(c.getKey(), c.getValue().asString("")));
  }

  /** All calls that have a type. */
  TreeSet<String> calls() {
    return new TreeSet<>(calls.keySet());
  }

  /** The schema of what a call answers; null when it answers no JSON. */
  @Nullable ObjectNode of(String method, String path) {
    String type = calls.get(method + " " + path);
    return type == null ? null : schema(type);
  }

  /** The schema of the data of a stream's events; null for what is never streamed. */
  @Nullable ObjectNode event(String method, String path) {
    String type = events.get(method + " " + path);
    return type == null ? null : schema(type);
  }

  /** Schemas of all types, by name. */
  ObjectNode schemas() {
    ObjectNode all = AdminJson.object();
    types.forEach((name, fields) -> all.set(name, object(fields)));
    return all;
  }

  private ObjectNode object(JsonNode fields) {
    ObjectNode schema = AdminJson.object().put("type", "object");
    ArrayNode required = schema.putArray("required");
    put(schema.putObject("properties"), required, fields);
    return schema;
  }

  private void put(ObjectNode properties, ArrayNode required, JsonNode fields) {
    fields
        .properties()
        .forEach(
            field -> {
              String name = field.getKey();
              String type = field.getValue().asString("");
              String bare = name.substring(0, name.length() - 1);
              if (name.equals(FIELDS_OF)) {
                of(field.getValue(), properties, required);
              } else if (name.endsWith("~")) {
                properties.set(bare, schema(type));
              } else if (name.endsWith("!")) {
                properties.set(bare, schema(type));
                required.add(bare);
              } else if (optional) {
                properties.set(name, orNull(schema(type)));
              } else {
                properties.set(name, schema(type));
                required.add(name);
              }
            });
  }

  /** Takes over the fields of another type, or of several. */
  private void of(JsonNode names, ObjectNode properties, ArrayNode required) {
    if (names.isArray()) {
      names.forEach(name -> of(name, properties, required));
      return;
    }
    String type = names.asString("");
    put(properties, required, Objects.requireNonNull(types.get(type), type));
  }

  private ObjectNode schema(String type) {
    if (type.startsWith(PAGE)) {
      ObjectNode page = AdminJson.object().put("type", "object");
      page.putArray("required").add("data").add("next");
      ObjectNode properties = page.putObject("properties");
      properties
          .putObject("data")
          .put("type", "array")
          .set("items", schema(type.substring(PAGE.length())));
      properties.set("next", schema("string?"));
      return page;
    }
    List<String> kinds = kinds(type);
    if (kinds.size() > 1) {
      ObjectNode either = AdminJson.object();
      ArrayNode any = either.putArray("anyOf");
      kinds.forEach(one -> any.add(schema(one)));
      return either;
    }
    if (type.endsWith("?")) {
      return orNull(schema(type.substring(0, type.length() - 1)));
    }
    ObjectNode schema = AdminJson.object();
    if (type.startsWith(ENUM)) {
      ArrayNode words = schema.put("type", "string").putArray("enum");
      for (String word : type.substring(ENUM.length()).split(" ")) {
        words.add(word);
      }
      return schema;
    }
    Matcher number = NUMBER.matcher(type);
    if (number.matches()) {
      schema.put("type", number.group(1));
      limit(schema, "minimum", number.group(2));
      limit(schema, "maximum", number.group(3));
      return schema;
    }
    switch (type.charAt(0)) {
      case '[' -> list(schema, type);
      case '{' ->
          schema
              .put("type", "object")
              .set("additionalProperties", schema(type.substring(1, type.length() - 1)));
      default -> {
        switch (type) {
          case "any" -> {}
          case "unused" ->
              schema.put("description", "Taken without effect by a model of this server");
          case "routed" -> schema.put("description", "For models of upstreams");
          case "unsupported" ->
              schema.put("description", "Refused by a model of this server, unless it is null");
          case "time" -> schema.put("type", "string").put("format", "date-time");
          case "string", "boolean", "object" -> schema.put("type", type);
          default -> {
            if (!types.containsKey(type)) {
              throw new IllegalStateException("no type " + type);
            }
            schema.put("$ref", PLACE + type);
          }
        }
      }
    }
    return schema;
  }

  /** The kinds of which a value has one. */
  private static List<String> kinds(String type) {
    List<String> kinds = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < type.length(); i++) {
      char c = type.charAt(i);
      depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
      if (depth == 0 && type.startsWith(OR, i)) {
        kinds.add(type.substring(from, i));
        from = i + OR.length();
      }
    }
    kinds.add(type.substring(from));
    return kinds;
  }

  private void list(ObjectNode schema, String type) {
    Matcher size = SIZE.matcher(type);
    if (!size.matches()) {
      throw new IllegalStateException("no list: " + type);
    }
    String list = size.group(1);
    schema.put("type", "array").set("items", schema(list.substring(1, list.length() - 1)));
    limit(schema, "minItems", size.group(2));
    limit(schema, "maxItems", size.group(3));
  }

  private static void limit(ObjectNode schema, String name, @Nullable String value) {
    if (value != null && value.contains(".")) {
      schema.put(name, Double.parseDouble(value));
    } else if (value != null) {
      schema.put(name, Long.parseLong(value));
    }
  }

  private static ObjectNode orNull(ObjectNode schema) {
    if (schema.has("$ref")) {
      ObjectNode either = AdminJson.object();
      either.putArray("anyOf").add(schema).addObject().put("type", "null");
      return either;
    }
    if (schema.path("anyOf") instanceof ArrayNode kinds) {
      kinds.addObject().put("type", "null");
      return schema;
    }
    if (!schema.has("type")) {
      return schema;
    }
    if (schema.path("enum") instanceof ArrayNode words) {
      words.addNull();
    }
    String type = schema.path("type").asString("");
    schema.putArray("type").add(type).add("null");
    return schema;
  }
}
