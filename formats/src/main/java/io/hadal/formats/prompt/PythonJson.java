package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import io.hadal.formats.WipedBuffers;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON as Python's {@code json} module reads and writes it with {@code ensure_ascii=False}, the
 * form the models were trained on: {@code ", "} and {@code ": "} as separators, key order kept,
 * floats in shortest {@code repr} form, only {@code "}, {@code \} and controls below U+0020
 * escaped.
 */
public final class PythonJson {
  private static final int MAX_DEPTH = 500;

  /** Python's own limit on the digits of an integer. */
  private static final int MAX_DIGITS = 4300;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .recyclerPool(new WipedBuffers())
                  .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxStringLength(64 << 20)
                          .maxNameLength(1 << 20)
                          .maxNumberLength(MAX_DIGITS)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private PythonJson() {}

  /** Reads a document the lenient way (last duplicate wins); null when the text is no JSON. */
  static @Nullable JsonNode parse(String text) {
    try {
      JsonNode node = MAPPER.readTree(text);
      return node.isMissingNode() ? null : node;
    } catch (JacksonException e) {
      return null;
    }
  }

  /**
   * Renders a value.
   *
   * @throws FormatException when it is nested deeper than 500 levels
   */
  public static String render(JsonNode value) {
    StringBuilder out = new StringBuilder();
    write(value, out, 0);
    return out.toString();
  }

  /** Renders a string with its quotes. */
  public static String quote(CharSequence text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    escape(text, 0, text.length(), out);
    return out.append('"').toString();
  }

  /** Appends {@code text[from, to)} escaped as the inside of a JSON string. */
  static void escape(CharSequence text, int from, int to, StringBuilder out) {
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c < 0x20) {
            out.append("\\u00").append((char) ('0' + (c >> 4))).append(hex(c & 15));
          } else {
            out.append(c);
          }
        }
      }
    }
  }

  /** A double as Python's {@code repr} (and JSON's {@code NaN}, {@code Infinity}) prints it. */
  public static String repr(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Infinity" : "-Infinity";
    }
    String sign = Double.doubleToRawLongBits(value) < 0 ? "-" : "";
    double magnitude = Math.abs(value);
    if (magnitude == 0) {
      return sign + "0.0";
    }
    // Java gives d.dddE[-]n or plain digits; reduce it to the digits and the decimal exponent.
    String java = Double.toString(magnitude);
    int e = java.indexOf('E');
    int exponent = e < 0 ? 0 : Integer.parseInt(java, e + 1, java.length(), 10);
    String mantissa = e < 0 ? java : java.substring(0, e);
    int point = mantissa.indexOf('.');
    String digits = mantissa.substring(0, point) + mantissa.substring(point + 1);
    exponent += point - 1;
    int lead = 0;
    while (digits.charAt(lead) == '0') {
      lead++;
    }
    int end = digits.length();
    while (digits.charAt(end - 1) == '0') {
      end--;
    }
    digits = digits.substring(lead, end);
    exponent -= lead;
    if (digits.length() == 2) {
      digits = shorter(digits, exponent, magnitude);
      if (digits.equals("10")) {
        digits = "1";
        exponent++;
      }
    }
    return sign + layOut(digits, exponent);
  }

  /**
   * Java prefers the closest of two digits even where one digit identifies the value (4.9E-324).
   */
  private static String shorter(String two, int exponent, double magnitude) {
    int down = two.charAt(0) - '0';
    int nearest = two.charAt(1) < '5' ? down : down + 1;
    for (int digit : new int[] {nearest, 2 * down + 1 - nearest}) {
      if (Double.parseDouble(digit + "E" + exponent) == magnitude) {
        return Integer.toString(digit);
      }
    }
    return two;
  }

  private static String layOut(String digits, int exponent) {
    int n = digits.length();
    if (exponent < -4 || exponent >= 16) {
      String fraction = n > 1 ? "." + digits.substring(1) : "";
      String power = (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
      return digits.charAt(0) + fraction + "e" + (exponent < 0 ? '-' : '+') + power;
    }
    if (exponent < 0) {
      return "0." + "0".repeat(-exponent - 1) + digits;
    }
    if (exponent + 1 >= n) {
      return digits + "0".repeat(exponent + 1 - n) + ".0";
    }
    return digits.substring(0, exponent + 1) + "." + digits.substring(exponent + 1);
  }

  private static void write(JsonNode value, StringBuilder out, int depth) {
    if (depth > MAX_DEPTH) {
      throw new FormatException("prompt", "JSON value nested deeper than " + MAX_DEPTH + " levels");
    }
    if (value.isString()) {
      out.append(quote(value.stringValue()));
    } else if (value.isObject()) {
      out.append('{');
      String separator = "";
      for (Map.Entry<String, JsonNode> entry : value.properties()) {
        out.append(separator).append(quote(entry.getKey())).append(": ");
        write(entry.getValue(), out, depth + 1);
        separator = ", ";
      }
      out.append('}');
    } else if (value.isArray()) {
      out.append('[');
      String separator = "";
      for (JsonNode item : value) {
        out.append(separator);
        write(item, out, depth + 1);
        separator = ", ";
      }
      out.append(']');
    } else if (value.isIntegralNumber()) {
      out.append(value.bigIntegerValue());
    } else if (value.isNumber()) {
      out.append(repr(value.numberValue().doubleValue()));
    } else if (value.isBoolean()) {
      out.append(value.booleanValue());
    } else {
      out.append("null");
    }
  }

  private static char hex(int nibble) {
    return (char) (nibble < 10 ? '0' + nibble : 'a' + nibble - 10);
  }
}
