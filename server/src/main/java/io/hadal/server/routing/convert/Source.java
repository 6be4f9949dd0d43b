package io.hadal.server.routing.convert;

import io.hadal.chat.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** An object of a request that is turned into the other dialect. Null is the same as absent. */
final class Source {
  private final JsonNode json;
  private final String path;

  Source(JsonNode json, String path) {
    this.json = json;
    this.path = path;
    if (!json.isObject()) {
      throw Problem.invalid(path.isEmpty() ? "body" : path, "must be an object");
    }
  }

  String at(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  @Nullable JsonNode get(String name) {
    JsonNode value = json.get(name);
    return value == null || value.isNull() ? null : value;
  }

  boolean has(String name) {
    return get(name) != null;
  }

  boolean isTrue(String name) {
    JsonNode value = get(name);
    return value != null && value.isBoolean() && value.booleanValue();
  }

  @Nullable String text(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return null;
    }
    if (!value.isString()) {
      throw Problem.invalid(at(name), "must be a string");
    }
    return value.stringValue();
  }

  String required(String name) {
    String value = text(name);
    if (value == null) {
      throw Problem.missing(at(name));
    }
    return value;
  }

  @Nullable Source object(String name) {
    JsonNode value = get(name);
    return value == null ? null : new Source(value, at(name));
  }

  Source requiredObject(String name) {
    Source value = object(name);
    if (value == null) {
      throw Problem.missing(at(name));
    }
    return value;
  }

  List<Source> objects(String name) {
    JsonNode value = get(name);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw Problem.invalid(at(name), "must be an array");
    }
    List<Source> all = new ArrayList<>();
    for (JsonNode item : value) {
      all.add(new Source(item, at(name) + "[" + all.size() + "]"));
    }
    return all;
  }

  /** Names that are there and not among the known ones. */
  List<String> others(Set<String> known) {
    return json.propertyNames().stream().filter(n -> !known.contains(n) && has(n)).toList();
  }

  /** What the other dialect has no words for. */
  Problem inexpressible(String name) {
    return Problem.unsupported(at(name), "cannot be expressed to the upstream of this model");
  }
}
