package io.hadal.engine.constraint;

import tools.jackson.databind.JsonNode;

/**
 * A schema within a document.
 *
 * @param pointer where it stands, as a fragment
 */
record SchemaPlace(String pointer, JsonNode node) {
  /** A schema inside this one. */
  SchemaPlace inside(String keyword, JsonNode inner) {
    return new SchemaPlace(pointer + "/" + keyword, inner);
  }

  SchemaPlace inside(String keyword, String name, JsonNode inner) {
    String escaped = name.replace("~", "~0").replace("/", "~1");
    return new SchemaPlace(pointer + "/" + keyword + "/" + escaped, inner);
  }

  String at(String keyword) {
    return pointer + "/" + keyword;
  }

  /** Whether a value is a number of the usual size. */
  static boolean isFinite(JsonNode value) {
    return value.isIntegralNumber() || (value.isNumber() && Double.isFinite(value.doubleValue()));
  }

  /** The value of a keyword that must be a count. */
  int count(String keyword) {
    JsonNode value = node.get(keyword);
    boolean whole = value != null && isFinite(value) && value.decimalValue().signum() >= 0;
    if (!whole || value.decimalValue().stripTrailingZeros().scale() > 0) {
      throw new GrammarException(at(keyword), "must be a whole number from 0");
    }
    return value.decimalValue().min(java.math.BigDecimal.valueOf(Integer.MAX_VALUE)).intValue();
  }
}
