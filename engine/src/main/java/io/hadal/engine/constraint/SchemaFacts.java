package io.hadal.engine.constraint;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What several schemas demand of one value together. */
final class SchemaFacts {
  /** Kinds of values. */
  enum Kind {
    NULL,
    BOOLEAN,
    NUMBER,
    STRING,
    ARRAY,
    OBJECT
  }

  /** Keywords that say nothing about values, or have been dealt with before. */
  private static final Set<String> SILENT =
      Set.of(
          "$schema",
          "$id",
          "$anchor",
          "$comment",
          "$defs",
          "definitions",
          "$def",
          "$vocabulary",
          "title",
          "description",
          "default",
          "examples",
          "example",
          "deprecated",
          "readOnly",
          "writeOnly",
          "contentEncoding",
          "contentMediaType",
          "contentSchema",
          "discriminator",
          "$ref",
          "allOf",
          "anyOf",
          "oneOf",
          "nullable",
          "id");

  private static final Set<String> NOT_ENFORCED =
      Set.of(
          "not",
          "if",
          "then",
          "else",
          "contains",
          "minContains",
          "maxContains",
          "dependentRequired",
          "dependentSchemas",
          "dependencies",
          "patternProperties",
          "unevaluatedItems",
          "$dynamicRef",
          "$recursiveRef");

  /** Properties of one of the schemas. */
  record Properties(Map<String, SchemaPlace> named, @Nullable SchemaPlace additional) {}

  /** Items of one of the schemas. */
  record Items(List<SchemaPlace> prefix, @Nullable SchemaPlace rest) {}

  final Set<Kind> kinds = EnumSet.allOf(Kind.class);
  boolean integers;
  boolean impossible;
  @Nullable List<JsonNode> values;

  int minLength;
  int maxLength = -1;
  final List<RegularLanguage> languages = new ArrayList<>();

  @Nullable BigDecimal least;
  boolean aboveLeast;
  @Nullable BigDecimal most;
  boolean belowMost;
  final List<BigDecimal> divisors = new ArrayList<>();

  int minItems;
  int maxItems = -1;
  final List<Items> items = new ArrayList<>();

  int minProperties;
  int maxProperties = -1;
  final List<Properties> properties = new ArrayList<>();
  final Set<String> required = new LinkedHashSet<>();
  final List<SchemaPlace> propertyNames = new ArrayList<>();
  boolean noExtras;

  private final Set<Kind> implied = EnumSet.noneOf(Kind.class);
  private boolean typed;
  private final SchemaLimits limits;

  SchemaFacts(SchemaLimits limits) {
    this.limits = limits;
  }

  /** Adds what a schema says, without its references and alternatives. */
  void add(SchemaPlace place) {
    JsonNode schema = place.node();
    if (schema.isBoolean()) {
      impossible |= !schema.booleanValue();
      return;
    }
    if (!schema.isObject()) {
      throw new GrammarException(place.pointer(), "must be an object or a boolean");
    }
    for (Map.Entry<String, JsonNode> entry : schema.properties()) {
      keyword(place, entry.getKey(), entry.getValue());
    }
    properties(place);
    items(place);
  }

  /** Without a type, keywords tell which kind of value is meant. */
  void settle() {
    if (!typed && values == null && !implied.isEmpty()) {
      kinds.retainAll(implied);
    }
  }

  private void keyword(SchemaPlace place, String name, JsonNode value) {
    switch (name) {
      case "type" -> type(place, value);
      case "enum" -> {
        if (!value.isArray()) {
          throw new GrammarException(place.at(name), "must be an array");
        }
        List<JsonNode> given = new ArrayList<>();
        value.forEach(given::add);
        restrict(given);
      }
      case "const" -> restrict(List.of(value));
      case "minLength" -> {
        minLength = Math.max(minLength, place.count(name));
        implied.add(Kind.STRING);
      }
      case "maxLength" -> {
        maxLength = smaller(maxLength, place.count(name));
        implied.add(Kind.STRING);
      }
      case "pattern" -> {
        implied.add(Kind.STRING);
        limits.enforce(
            place.at(name),
            () -> languages.add(RegularLanguage.of(Regex.anywhere(text(place, name)))));
      }
      case "format" -> format(place, text(place, name));
      case "minimum", "exclusiveMinimum" -> least(place, name, value);
      case "maximum", "exclusiveMaximum" -> most(place, name, value);
      case "multipleOf" -> {
        implied.add(Kind.NUMBER);
        divisors.add(number(place, name));
      }
      case "minItems" -> {
        minItems = Math.max(minItems, place.count(name));
        implied.add(Kind.ARRAY);
      }
      case "maxItems" -> {
        maxItems = smaller(maxItems, place.count(name));
        implied.add(Kind.ARRAY);
      }
      case "minProperties" -> {
        minProperties = Math.max(minProperties, place.count(name));
        implied.add(Kind.OBJECT);
      }
      case "maxProperties" -> {
        maxProperties = smaller(maxProperties, place.count(name));
        implied.add(Kind.OBJECT);
      }
      case "required" -> {
        implied.add(Kind.OBJECT);
        if (!value.isArray() || value.valueStream().anyMatch(n -> !n.isString())) {
          // Draft 3 had booleans here.
          throw new GrammarException(place.at(name), "must be an array of names");
        }
        value.forEach(n -> required.add(n.stringValue()));
      }
      case "propertyNames" -> {
        propertyNames.add(place.inside(name, value));
        implied.add(Kind.OBJECT);
      }
      case "unevaluatedProperties" -> {
        implied.add(Kind.OBJECT);
        if (value.isBoolean()) {
          noExtras |= !value.booleanValue();
        } else {
          limits.refuse(place.at(name));
        }
      }
      case "uniqueItems" -> {
        implied.add(Kind.ARRAY);
        if (!value.isBoolean() || value.booleanValue()) {
          limits.refuse(place.at(name));
        }
      }
      default -> {
        // Other keywords are annotations.
        if (!SILENT.contains(name) && NOT_ENFORCED.contains(name)) {
          limits.refuse(place.at(name));
        }
      }
    }
  }

  private static int smaller(int a, int b) {
    return a < 0 ? b : Math.min(a, b);
  }

  private static String text(SchemaPlace place, String name) {
    JsonNode value = place.node().get(name);
    if (value == null || !value.isString()) {
      throw new GrammarException(place.at(name), "must be a string");
    }
    return value.stringValue();
  }

  private static BigDecimal number(SchemaPlace place, String name) {
    JsonNode value = place.node().get(name);
    if (value == null || !SchemaPlace.isFinite(value)) {
      throw new GrammarException(place.at(name), "must be a number");
    }
    BigDecimal number = value.decimalValue().stripTrailingZeros();
    if (number.scale() > DecimalRange.MOST_DIGITS
        || number.precision() - number.scale() > DecimalRange.MOST_DIGITS) {
      throw new GrammarException(
          place.at(name), "has more than " + DecimalRange.MOST_DIGITS + " digits");
    }
    return number;
  }

  private void type(SchemaPlace place, JsonNode value) {
    Set<Kind> given = EnumSet.noneOf(Kind.class);
    boolean whole = false;
    boolean any = false;
    List<JsonNode> names = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(names::add);
    } else {
      names.add(value);
    }
    for (JsonNode name : names) {
      switch (name.asString("")) {
        case "null" -> given.add(Kind.NULL);
        case "boolean" -> given.add(Kind.BOOLEAN);
        case "integer" -> {
          given.add(Kind.NUMBER);
          whole = true;
        }
        case "number" -> {
          given.add(Kind.NUMBER);
          any = true;
        }
        case "string" -> given.add(Kind.STRING);
        case "array" -> given.add(Kind.ARRAY);
        case "object" -> given.add(Kind.OBJECT);
        default -> throw new GrammarException(place.at("type"), "is unknown: " + name);
      }
    }
    JsonNode nullable = place.node().get("nullable");
    if (nullable != null && nullable.isBoolean() && nullable.booleanValue()) {
      given.add(Kind.NULL);
    }
    typed = true;
    kinds.retainAll(given);
    integers |= whole && !any;
  }

  private void restrict(List<JsonNode> given) {
    List<JsonNode> before = values;
    values = before == null ? given : before.stream().filter(v -> has(given, v)).toList();
  }

  private static boolean has(List<JsonNode> list, JsonNode value) {
    return list.stream().anyMatch(v -> same(v, value));
  }

  private static boolean same(JsonNode a, JsonNode b) {
    return (SchemaPlace.isFinite(a) && SchemaPlace.isFinite(b))
        ? a.decimalValue().compareTo(b.decimalValue()) == 0
        : a.equals(b);
  }

  private void format(SchemaPlace place, String name) {
    String pattern = TextFormats.pattern(name);
    if (pattern != null) {
      languages.add(RegularLanguage.of(Regex.whole(pattern)));
    } else if (!TextFormats.isSilent(name)) {
      limits.refuse(place.at("format"));
    }
  }

  private void least(SchemaPlace place, String name, JsonNode value) {
    implied.add(Kind.NUMBER);
    boolean strictly = name.equals("exclusiveMinimum");
    if (value.isBoolean()) {
      // Draft 4: a switch beside minimum, which sees it.
      return;
    }
    BigDecimal bound = number(place, name);
    JsonNode older = place.node().path("exclusiveMinimum");
    strictly |= older.isBoolean() && older.booleanValue();
    int order = least == null ? 1 : bound.compareTo(least);
    if (order > 0) {
      least = bound;
      aboveLeast = strictly;
    } else if (order == 0) {
      aboveLeast |= strictly;
    }
  }

  private void most(SchemaPlace place, String name, JsonNode value) {
    implied.add(Kind.NUMBER);
    boolean strictly = name.equals("exclusiveMaximum");
    if (value.isBoolean()) {
      return;
    }
    BigDecimal bound = number(place, name);
    JsonNode older = place.node().path("exclusiveMaximum");
    strictly |= older.isBoolean() && older.booleanValue();
    int order = most == null ? -1 : bound.compareTo(most);
    if (order < 0) {
      most = bound;
      belowMost = strictly;
    } else if (order == 0) {
      belowMost |= strictly;
    }
  }

  private void properties(SchemaPlace place) {
    JsonNode named = place.node().get("properties");
    JsonNode additional = place.node().get("additionalProperties");
    if (named == null && additional == null) {
      return;
    }
    implied.add(Kind.OBJECT);
    Map<String, SchemaPlace> places = new LinkedHashMap<>();
    if (named != null) {
      if (!named.isObject()) {
        throw new GrammarException(place.at("properties"), "must be an object");
      }
      for (Map.Entry<String, JsonNode> entry : named.properties()) {
        places.put(entry.getKey(), place.inside("properties", entry.getKey(), entry.getValue()));
      }
    }
    properties.add(
        new Properties(
            places, additional == null ? null : place.inside("additionalProperties", additional)));
  }

  private void items(SchemaPlace place) {
    JsonNode prefix = place.node().get("prefixItems");
    JsonNode rest = place.node().get("items");
    String restName = "items";
    if (rest != null && rest.isArray()) {
      // Until draft 2019-09.
      prefix = rest;
      rest = place.node().get("additionalItems");
      restName = "additionalItems";
    }
    if (prefix == null && rest == null) {
      return;
    }
    implied.add(Kind.ARRAY);
    List<SchemaPlace> places = new ArrayList<>();
    if (prefix != null) {
      if (!prefix.isArray()) {
        throw new GrammarException(place.at("prefixItems"), "must be an array");
      }
      String name = restName.equals("items") ? "prefixItems" : "items";
      for (JsonNode item : prefix) {
        places.add(place.inside(name, String.valueOf(places.size()), item));
      }
    }
    items.add(new Items(places, rest == null ? null : place.inside(restName, rest)));
  }

  /** Whether a value of a list of values keeps the other demands, as far as they are simple. */
  boolean admits(JsonNode value) {
    Kind kind = kind(value);
    if (!kinds.contains(kind) || (kind == Kind.NUMBER && !SchemaPlace.isFinite(value))) {
      return false;
    }
    return switch (kind) {
      case STRING -> {
        String text = value.stringValue();
        int length = text.codePointCount(0, text.length());
        yield length >= minLength
            && (maxLength < 0 || length <= maxLength)
            && languages.stream().allMatch(l -> l.contains(text));
      }
      case NUMBER -> {
        BigDecimal number = value.decimalValue();
        int low = least == null ? 1 : number.compareTo(least);
        int high = most == null ? -1 : number.compareTo(most);
        yield !(integers && number.stripTrailingZeros().scale() > 0)
            && (low > 0 || (low == 0 && !aboveLeast))
            && (high < 0 || (high == 0 && !belowMost))
            && divisors.stream().allMatch(d -> d.signum() > 0 && number.remainder(d).signum() == 0);
      }
      default -> true;
    };
  }

  static Kind kind(JsonNode value) {
    if (value.isString()) {
      return Kind.STRING;
    }
    if (value.isNumber()) {
      return Kind.NUMBER;
    }
    if (value.isBoolean()) {
      return Kind.BOOLEAN;
    }
    return value.isObject() ? Kind.OBJECT : value.isArray() ? Kind.ARRAY : Kind.NULL;
  }
}
