package io.hadal.engine.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Schemas that one value follows together, with what they refer to. Alternatives are taken apart
 * one group at a time.
 */
final class SchemaSet {
  private static final int MOST_SCHEMAS = 2_000;

  private final Map<String, SchemaPlace> places;

  /** Groups of alternatives of which one has been chosen. */
  private final Set<String> chosen;

  private SchemaSet(Map<String, SchemaPlace> places, Set<String> chosen) {
    this.places = places;
    this.chosen = chosen;
  }

  static SchemaSet of(Iterable<SchemaPlace> schemas, JsonNode document) {
    SchemaSet set = new SchemaSet(new LinkedHashMap<>(), new LinkedHashSet<>());
    schemas.forEach(s -> set.add(s, document));
    return set;
  }

  /** Adds a schema with all that it includes. */
  private void add(SchemaPlace schema, JsonNode document) {
    ArrayDeque<SchemaPlace> todo = new ArrayDeque<>();
    todo.add(schema);
    while (!todo.isEmpty()) {
      SchemaPlace place = todo.remove();
      if (places.putIfAbsent(place.pointer(), place) != null) {
        continue;
      }
      if (places.size() > MOST_SCHEMAS) {
        throw new GrammarException(place.pointer(), "has too many schemas for one value");
      }
      JsonNode reference = place.node().get("$ref");
      if (reference != null) {
        if (!reference.isString()) {
          throw new GrammarException(place.at("$ref"), "must be a string");
        }
        todo.add(resolve(reference.stringValue(), place.at("$ref"), document));
      }
      JsonNode all = place.node().get("allOf");
      if (all != null) {
        list(place, "allOf").forEach(todo::add);
      }
    }
  }

  private static List<SchemaPlace> list(SchemaPlace place, String keyword) {
    JsonNode array = place.node().get(keyword);
    if (array == null || !array.isArray()) {
      throw new GrammarException(place.at(keyword), "must be an array");
    }
    List<SchemaPlace> items = new ArrayList<>();
    for (JsonNode item : array) {
      items.add(place.inside(keyword, String.valueOf(items.size()), item));
    }
    return items;
  }

  /** The schema that a reference means; only references within the document are followed. */
  private static SchemaPlace resolve(String reference, String where, JsonNode document) {
    if (!reference.equals("#") && !reference.startsWith("#/")) {
      throw new GrammarException(where, "must begin with #/, not be " + shortened(reference));
    }
    JsonNode node = document;
    String decoded;
    try {
      decoded = java.net.URLDecoder.decode(reference.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new GrammarException(where, "is no address: " + shortened(reference));
    }
    if (decoded.length() > 1) {
      for (String part : decoded.substring(2).split("/", -1)) {
        String name = part.replace("~1", "/").replace("~0", "~");
        JsonNode next =
            node.isArray() && name.matches("[0-9]{1,6}")
                ? node.get(Integer.parseInt(name))
                : node.get(name);
        if (next == null) {
          throw new GrammarException(where, "leads to nothing: " + shortened(reference));
        }
        node = next;
      }
    }
    return new SchemaPlace(decoded, node);
  }

  private static String shortened(String text) {
    return text.length() > 100 ? text.substring(0, 100) + "…" : text;
  }

  /** The sets of which one has to be followed; null when there are no alternatives. */
  @Nullable List<SchemaSet> alternatives(JsonNode document) {
    for (SchemaPlace place : places.values()) {
      for (String keyword : new String[] {"anyOf", "oneOf"}) {
        if (!place.node().has(keyword) || chosen.contains(place.at(keyword))) {
          continue;
        }
        List<SchemaSet> sets = new ArrayList<>();
        for (SchemaPlace option : list(place, keyword)) {
          SchemaSet set = new SchemaSet(new LinkedHashMap<>(places), new LinkedHashSet<>(chosen));
          set.chosen.add(place.at(keyword));
          set.add(option, document);
          sets.add(set);
        }
        return sets;
      }
    }
    return null;
  }

  /** What the schemas demand apart from alternatives. */
  SchemaFacts facts(SchemaLimits limits) {
    SchemaFacts facts = new SchemaFacts(limits);
    places.values().forEach(facts::add);
    facts.settle();
    return facts;
  }

  /** Equal for sets that mean the same. */
  String key() {
    return String.join("\n", places.keySet()) + "\n\n" + String.join("\n", chosen);
  }

  /** A place for messages. */
  String pointer() {
    return places.isEmpty() ? "#" : places.keySet().iterator().next();
  }
}
