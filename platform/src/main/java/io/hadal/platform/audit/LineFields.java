package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import tools.jackson.databind.JsonNode;

/** Fields of lines that somebody may have changed. */
final class LineFields {
  private LineFields() {}

  static String text(JsonNode line, String name, String source) {
    JsonNode value = line.get(name);
    if (value == null || !value.isString()) {
      throw new FormatException(source, "field '" + name + "' is missing or no text");
    }
    return value.stringValue();
  }

  static long number(JsonNode line, String name, String source) {
    JsonNode value = line.get(name);
    if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new FormatException(source, "field '" + name + "' is missing or no whole number");
    }
    return value.longValue();
  }
}
