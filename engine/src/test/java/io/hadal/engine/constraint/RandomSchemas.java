package io.hadal.engine.constraint;

import java.util.List;
import java.util.Random;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Schemas that some document follows, from all keywords that are enforced. */
final class RandomSchemas {
  private static final List<String> NAMES = List.of("id", "name", "x-y", "a b", "ключ", "q\"uote");
  private static final List<String> PATTERNS =
      List.of("^[a-c]+$", "^\\d{2,4}$", "x", "^(ab|cd)*e?$", "^[^\"]{0,3}$", "^\\S+@\\S+$");
  private static final List<String> FORMATS =
      List.of("date", "time", "date-time", "uuid", "ipv4", "ipv6", "hostname", "uri", "duration");

  private final Random random;

  RandomSchemas(Random random) {
    this.random = random;
  }

  /** A document with a definition that refers to itself. */
  ObjectNode document() {
    ObjectNode root = schema(3);
    ObjectNode node = object();
    node.put("type", "object").putArray("required").add("v");
    ObjectNode properties = node.putObject("properties");
    // Nothing that needs another node inside: it would never end.
    properties.set("v", schema(0));
    properties.putObject("next").put("$ref", "#/$defs/node");
    node.put("additionalProperties", false);
    root.putObject("$defs").set("node", node);
    return root;
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private ObjectNode schema(int depth) {
    ObjectNode s = object();
    switch (random.nextInt(depth > 0 ? 12 : 6)) {
      case 0 -> s.put("type", random.nextBoolean() ? "boolean" : "null");
      case 1 -> integer(s);
      case 2 -> number(s);
      case 3, 4 -> string(s);
      case 5 -> values(s);
      case 6, 7 -> array(s, depth);
      case 8, 9 -> properties(s, depth);
      case 10 -> alternatives(s, depth);
      default -> {
        if (random.nextBoolean()) {
          s.put("$ref", "#/$defs/node");
        } else {
          both(s, depth);
        }
      }
    }
    return s;
  }

  private void integer(ObjectNode s) {
    s.put("type", "integer");
    int low = random.nextInt(400) - 200;
    if (random.nextBoolean()) {
      s.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low);
    }
    if (random.nextBoolean()) {
      s.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", low + 12 + random.nextInt(300));
    }
    if (random.nextInt(3) == 0) {
      s.put("multipleOf", 2 + random.nextInt(5));
    }
  }

  private void number(ObjectNode s) {
    s.put("type", "number");
    double low = (random.nextInt(400) - 200) / 4.0;
    if (random.nextBoolean()) {
      s.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low);
    }
    if (random.nextBoolean()) {
      s.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", low + random.nextInt(9) + 0.25);
    }
  }

  private void string(ObjectNode s) {
    s.put("type", "string");
    switch (random.nextInt(4)) {
      case 0 -> s.put("pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
      case 1 -> s.put("format", FORMATS.get(random.nextInt(FORMATS.size())));
      case 2 -> {
        int least = random.nextInt(4);
        s.put("minLength", least).put("maxLength", least + random.nextInt(5));
      }
      default -> {}
    }
  }

  private void values(ObjectNode s) {
    ArrayNode values = s.putArray("enum");
    values.add("a\n\"b\"").add(-1.5).addNull().add(true);
    values.addObject().put("k", 1).putArray("l").add("é");
    if (random.nextInt(3) == 0) {
      s.removeAll();
      s.put("const", "日本");
    }
  }

  private void array(ObjectNode s, int depth) {
    s.put("type", "array");
    int prefix = random.nextInt(3);
    if (prefix > 0) {
      ArrayNode items = s.putArray("prefixItems");
      for (int i = 0; i < prefix; i++) {
        items.add(schema(depth - 1));
      }
    }
    int least = random.nextInt(3);
    if (random.nextInt(4) == 0 && least <= prefix) {
      s.put("items", false);
    } else {
      s.set("items", schema(depth - 1));
    }
    s.put("minItems", least).put("maxItems", least + random.nextInt(3));
  }

  private void properties(ObjectNode s, int depth) {
    s.put("type", "object");
    ObjectNode properties = s.putObject("properties");
    ArrayNode required = object().putArray("required");
    for (String name : NAMES) {
      if (random.nextInt(2) == 0) {
        properties.set(name, schema(depth - 1));
        if (random.nextInt(2) == 0) {
          required.add(name);
        }
      }
    }
    s.set("required", required);
    switch (random.nextInt(4)) {
      case 0 -> s.put("additionalProperties", false);
      case 1 -> {
        s.set("additionalProperties", schema(0));
        s.put("maxProperties", properties.size() + 2);
        if (random.nextBoolean()) {
          s.put("minProperties", random.nextInt(properties.size() + 1));
        }
      }
      default -> {}
    }
  }

  private void alternatives(ObjectNode s, int depth) {
    ArrayNode any = s.putArray("anyOf");
    any.add(schema(depth - 1));
    any.add(schema(depth - 1));
    if (random.nextInt(3) == 0) {
      s.removeAll();
      ArrayNode one = s.putArray("oneOf");
      one.addObject().put("type", "string").put("maxLength", 3);
      one.addObject().put("type", "integer");
      one.addObject().put("type", "null");
    }
  }

  private void both(ObjectNode s, int depth) {
    ArrayNode all = s.putArray("allOf");
    ObjectNode first = all.addObject().put("type", "object");
    first.putObject("properties").set("a", schema(depth - 1));
    first.putArray("required").add("a");
    ObjectNode second = all.addObject();
    second.putObject("properties").putObject("b").put("type", "integer");
    s.putObject("properties").putObject("b").put("minimum", 3);
  }
}
