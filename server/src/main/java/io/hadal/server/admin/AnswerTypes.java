package io.hadal.server.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** JSON Schemas of answers, from a table of types; the file says how they are written. */
final class AnswerTypes {
  private static final String FIELDS_OF = "of";
  private static final String PAGE = "page ";
  private static final String OR = " | ";

  private final Map<String, JsonNode> types = new LinkedHashMap<>();
  private final Map<String, String> calls = new LinkedHashMap<>();
  private final Map<String, String> events = new LinkedHashMap<>();

  /** Where schemas of types stand in the description. */
  private static final String PLACE = "#/components/schemas/";

  /**
   * Reads a table.
   *
   * @param resource name of the file beside this class
   * @throws IllegalStateException when a name means nothing
   */
  AnswerTypes(String resource) {
    JsonNode table;
    try (InputStream in = AnswerTypes.class.getResourceAsStream(resource)) {
      table = new YAMLMapper().readTree(Objects.requireNonNull(in, resource));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
              if (name.equals(FIELDS_OF)) {
                put(properties, required, Objects.requireNonNull(types.get(type), type));
              } else if (name.endsWith("~")) {
                properties.set(name.substring(0, name.length() - 1), schema(type));
              } else {
                properties.set(name, schema(type));
                required.add(name);
              }
            });
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
    if (type.charAt(0) != '[' && type.contains(OR)) {
      ObjectNode either = AdminJson.object();
      ArrayNode any = either.putArray("anyOf");
      for (String one : type.split(Pattern.quote(OR))) {
        any.add(schema(one));
      }
      return either;
    }
    if (type.endsWith("?")) {
      return orNull(schema(type.substring(0, type.length() - 1)));
    }
    ObjectNode schema = AdminJson.object();
    String inner = type.substring(1, Math.max(1, type.length() - 1));
    switch (type.charAt(0)) {
      case '[' -> schema.put("type", "array").set("items", schema(inner));
      case '{' -> schema.put("type", "object").set("additionalProperties", schema(inner));
      default -> {
        switch (type) {
          case "any" -> {}
          case "time" -> schema.put("type", "string").put("format", "date-time");
          case "string", "integer", "number", "boolean", "object" -> schema.put("type", type);
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

  private static ObjectNode orNull(ObjectNode schema) {
    if (schema.has("$ref")) {
      ObjectNode either = AdminJson.object();
      either.putArray("anyOf").add(schema).addObject().put("type", "null");
      return either;
    }
    String type = schema.path("type").asString("");
    schema.putArray("type").add(type).add("null");
    return schema;
  }
}
