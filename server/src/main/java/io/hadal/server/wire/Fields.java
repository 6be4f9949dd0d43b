package io.hadal.server.wire;

import io.hadal.chat.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Fields of a request's object. Null is the same as absent; a field of the wrong type is a problem
 * that names it. Knows which fields nobody has read.
 */
final class Fields {
  private final ObjectNode json;
  private final String path;
  private final Set<String> read = new HashSet<>();

  Fields(ObjectNode json, String path) {
    this.json = json;
    this.path = path;
  }

  /** The object of a node. */
  static Fields of(JsonNode node, String path) {
    if (node instanceof ObjectNode object) {
      return new Fields(object, path);
    }
    throw Problem.invalid(path.isEmpty() ? "body" : path, "must be an object");
  }

  String at(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  ObjectNode json() {
    return json;
  }

  /** Marks fields as known that have no effect here. */
  void accept(String... names) {
    read.addAll(List.of(names));
  }

  /** Names of fields that were there and were neither read nor accepted. */
  List<String> unread() {
    List<String> names = new ArrayList<>();
    for (String name : json.propertyNames()) {
      if (!read.contains(name)) {
        names.add(at(name));
      }
    }
    return names;
  }

  boolean has(String name) {
    return node(name) != null;
  }

  @Nullable JsonNode node(String name) {
    read.add(name);
    JsonNode value = json.get(name);
    return value == null || value.isNull() ? null : value;
  }

  @Nullable String string(String name) {
    JsonNode value = node(name);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      throw Problem.invalid(at(name), "must be a string");
    }
    return value.stringValue();
  }

  String string(String name, String fallback) {
    String value = string(name);
    return value == null ? fallback : value;
  }

  String required(String name) {
    String value = string(name);
    if (value == null) {
      throw Problem.missing(at(name));
    }
    return value;
  }

  @Nullable Integer integer(String name, int least, int most) {
    JsonNode value = node(name);
    if (value == null) {
      return null;
    }
    boolean whole =
        value.isIntegralNumber()
            || (value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue()));
    if (!whole || value.doubleValue() < least || value.doubleValue() > most) {
      throw Problem.invalid(at(name), "must be a whole number from " + least + " to " + most);
    }
    return (int) value.doubleValue();
  }

  int integer(String name, int least, int most, int fallback) {
    Integer value = integer(name, least, most);
    return value == null ? fallback : value;
  }

  @Nullable Long longNumber(String name) {
    JsonNode value = node(name);
    if (value == null) {
      return null;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw Problem.invalid(at(name), "must be a whole number of 64 bits");
    }
    return value.longValue();
  }

  @Nullable Double number(String name, double least, double most) {
    JsonNode value = node(name);
    if (value == null) {
      return null;
    }
    if (!value.isNumber() || !(value.doubleValue() >= least && value.doubleValue() <= most)) {
      throw Problem.invalid(at(name), "must be a number from " + least + " to " + most);
    }
    return value.doubleValue();
  }

  boolean bool(String name, boolean fallback) {
    JsonNode value = node(name);
    if (value == null) {
      return fallback;
    }
    if (!value.isBoolean()) {
      throw Problem.invalid(at(name), "must be true or false");
    }
    return value.booleanValue();
  }

  @Nullable Fields object(String name) {
    JsonNode value = node(name);
    return value == null ? null : of(value, at(name));
  }

  Fields requiredObject(String name) {
    Fields value = object(name);
    if (value == null) {
      throw Problem.missing(at(name));
    }
    return value;
  }

  /** Elements of an array, none when it is absent. */
  List<JsonNode> array(String name, int most) {
    JsonNode value = node(name);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw Problem.invalid(at(name), "must be an array");
    }
    if (value.size() > most) {
      throw Problem.invalid(
          at(name), "has " + value.size() + " elements; " + most + " are allowed");
    }
    List<JsonNode> items = new ArrayList<>(value.size());
    value.forEach(items::add);
    return items;
  }

  /** Elements of an array of objects. */
  List<Fields> objects(String name, int most) {
    List<Fields> items = new ArrayList<>();
    for (JsonNode item : array(name, most)) {
      items.add(of(item, at(name) + "[" + items.size() + "]"));
    }
    return items;
  }

  /** A string or an array of strings; none when absent. */
  List<String> strings(String name, int most) {
    JsonNode value = node(name);
    if (value == null) {
      return List.of();
    }
    if (value.isString()) {
      return List.of(value.stringValue());
    }
    List<String> items = new ArrayList<>();
    for (JsonNode item : array(name, most)) {
      if (!item.isString()) {
        throw Problem.invalid(at(name) + "[" + items.size() + "]", "must be a string");
      }
      items.add(item.stringValue());
    }
    return items;
  }

  /** Stop strings; empty ones stop nothing. */
  List<String> stops(String name) {
    List<String> stops = strings(name, 16);
    return stops.stream().filter(s -> !s.isEmpty()).toList();
  }
}
