package io.hadal.platform.compare;

import java.math.BigDecimal;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Whether a value follows a JSON Schema, for counting only: keywords that it does not know hold, so
 * that a wrong answer may pass and a right one never fails. Work is bounded whatever the schema is.
 */
final class SchemaCheck {
  private static final int MOST_DEPTH = 64;
  private static final int MOST_STEPS = 200_000;

  private final JsonNode document;
  private int steps;

  private SchemaCheck(JsonNode document) {
    this.document = document;
  }

  /** True when the value follows the schema, or when that would take too long to find out. */
  static boolean follows(JsonNode value, JsonNode schema) {
    return new SchemaCheck(schema).holds(value, schema, 0);
  }

  private boolean holds(JsonNode value, JsonNode schema, int depth) {
    if (schema.isBoolean()) {
      return schema.booleanValue();
    }
    if (!schema.isObject() || depth > MOST_DEPTH || ++steps > MOST_STEPS) {
      return true;
    }
    JsonNode reference = schema.path("$ref");
    if (reference.isString() && !holds(value, target(reference.stringValue()), depth + 1)) {
      return false;
    }
    return typed(value, schema.path("type"))
        && listed(value, schema)
        && combined(value, schema, depth)
        && (!value.isNumber() || number(value.decimalValue(), schema))
        && (!value.isString() || text(value.stringValue(), schema))
        && (!value.isArray() || array(value, schema, depth))
        && (!value.isObject() || object(value, schema, depth));
  }

  /** Where a reference inside the document leads; anything goes where it leads elsewhere. */
  private JsonNode target(String reference) {
    if (reference.equals("#")) {
      return document;
    }
    if (!reference.startsWith("#/")) {
      return document.path("");
    }
    try {
      return document.at(reference.substring(1));
    } catch (IllegalArgumentException e) {
      return document.path("");
    }
  }

  private static boolean typed(JsonNode value, JsonNode type) {
    if (type.isString()) {
      return is(value, type.stringValue());
    }
    if (!type.isArray()) {
      return true;
    }
    for (JsonNode one : type) {
      if (is(value, one.asString(""))) {
        return true;
      }
    }
    return false;
  }

  private static boolean is(JsonNode value, String type) {
    return switch (type) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "string" -> value.isString();
      case "number" -> value.isNumber();
      case "integer" ->
          value.isIntegralNumber()
              || (value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0);
      case "boolean" -> value.isBoolean();
      case "null" -> value.isNull();
      default -> true;
    };
  }

  private static boolean listed(JsonNode value, JsonNode schema) {
    JsonNode constant = schema.get("const");
    if (constant != null && !same(constant, value)) {
      return false;
    }
    JsonNode values = schema.path("enum");
    if (!values.isArray()) {
      return true;
    }
    for (JsonNode one : values) {
      if (same(one, value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean same(JsonNode a, JsonNode b) {
    return (a.isNumber() && b.isNumber())
        ? a.decimalValue().compareTo(b.decimalValue()) == 0
        : a.equals(b);
  }

  private boolean combined(JsonNode value, JsonNode schema, int depth) {
    for (JsonNode one : schema.path("allOf")) {
      if (!holds(value, one, depth + 1)) {
        return false;
      }
    }
    return counted(value, schema.path("anyOf"), depth, Integer.MAX_VALUE)
        && counted(value, schema.path("oneOf"), depth, 1);
  }

  private boolean counted(JsonNode value, JsonNode schemas, int depth, int most) {
    if (!schemas.isArray() || schemas.isEmpty()) {
      return true;
    }
    int found = 0;
    for (JsonNode one : schemas) {
      found += holds(value, one, depth + 1) ? 1 : 0;
    }
    // What was not looked at holds, so that more than one may only seem to.
    return found > 0 && (found <= most || steps > MOST_STEPS);
  }

  private static boolean number(BigDecimal value, JsonNode schema) {
    return !(compared(schema, "minimum", value) > 0)
        && !(compared(schema, "maximum", value) < 0 && schema.path("maximum").isNumber())
        && !(schema.path("exclusiveMinimum").isNumber()
            && compared(schema, "exclusiveMinimum", value) >= 0)
        && !(schema.path("exclusiveMaximum").isNumber()
            && compared(schema, "exclusiveMaximum", value) <= 0);
  }

  /** How a bound compares with a value; 0 without a bound. */
  private static int compared(JsonNode schema, String name, BigDecimal value) {
    JsonNode bound = schema.path(name);
    return bound.isNumber() ? bound.decimalValue().compareTo(value) : 0;
  }

  private static boolean text(String value, JsonNode schema) {
    int length = value.codePointCount(0, value.length());
    return length >= schema.path("minLength").asInt(0)
        && length <= schema.path("maxLength").asInt(Integer.MAX_VALUE);
  }

  private boolean array(JsonNode value, JsonNode schema, int depth) {
    if (value.size() < schema.path("minItems").asInt(0)
        || value.size() > schema.path("maxItems").asInt(Integer.MAX_VALUE)) {
      return false;
    }
    JsonNode first = schema.path("prefixItems");
    JsonNode items = schema.path("items");
    for (int i = 0; i < value.size(); i++) {
      JsonNode one = i < first.size() ? first.get(i) : items;
      if (!holds(value.get(i), one, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private boolean object(JsonNode value, JsonNode schema, int depth) {
    for (JsonNode name : schema.path("required")) {
      if (name.isString() && !value.has(name.stringValue())) {
        return false;
      }
    }
    JsonNode properties = schema.path("properties");
    JsonNode others = schema.path("additionalProperties");
    boolean patterns = schema.has("patternProperties");
    Set<String> names = Set.copyOf(value.propertyNames());
    for (String name : names) {
      JsonNode own = properties.get(name);
      if (own == null && patterns) {
        continue;
      }
      if (!holds(value.path(name), own == null ? others : own, depth + 1)) {
        return false;
      }
    }
    return true;
  }
}
