package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * Forward-only reading of a JSON object. Headers may have 100 MB; a tree of such a text would need
 * many times its size, a stream keeps memory at what the caller stores.
 */
final class HeaderJson implements AutoCloseable {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // Tensor names are read once, a shared symbol table would only grow.
          .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(64)
                  .maxStringLength(16 << 20)
                  .maxNameLength(1 << 16)
                  .build())
          .build();

  private final JsonParser parser;
  private final String source;

  HeaderJson(byte[] utf8, String source) {
    this.source = source;
    try {
      parser = FACTORY.createParser(ObjectReadContext.empty(), utf8);
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  /** Consumes the opening brace of an object; {@code what} names it in messages. */
  void beginObject(String what) {
    expect(JsonToken.START_OBJECT, what, "an object");
  }

  /** Next member name of the current object, or null after its last member. */
  @Nullable String nextName() {
    JsonToken token = next();
    return token == JsonToken.END_OBJECT ? null : parser.currentName();
  }

  String string(String what) {
    expect(JsonToken.VALUE_STRING, what, "a string");
    try {
      return parser.getString();
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  /** A whole number, also when written like {@code 1.5e10}. */
  long wholeNumber(String what) {
    JsonToken token = next();
    if (token != JsonToken.VALUE_NUMBER_INT && token != JsonToken.VALUE_NUMBER_FLOAT) {
      throw unexpected(token, what, "a number");
    }
    if (token == JsonToken.VALUE_NUMBER_INT) {
      return currentLong(what);
    }
    double value;
    try {
      value = parser.getDoubleValue();
    } catch (JacksonException e) {
      throw malformed(e);
    }
    if (value != Math.rint(value) || Math.abs(value) > 0x1p53) {
      throw new FormatException(source, what + " must be a whole number, found " + value);
    }
    return (long) value;
  }

  /** An array of at most {@code max} integers. */
  List<Long> integers(String what, int max) {
    expect(JsonToken.START_ARRAY, what, "an array");
    List<Long> values = new ArrayList<>(4);
    for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
      if (token != JsonToken.VALUE_NUMBER_INT) {
        throw unexpected(token, what, "an array of integers");
      }
      if (values.size() == max) {
        throw new FormatException(source, what + " has more than " + max + " entries");
      }
      values.add(currentLong(what));
    }
    return values;
  }

  /** Skips the value of the current member. */
  void skipValue() {
    next();
    try {
      parser.skipChildren();
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  /** Nothing but white space may follow. */
  void end() {
    try {
      if (parser.nextToken() != null) {
        throw new FormatException(source, "text after the end of the JSON object");
      }
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  @Override
  public void close() {
    parser.close();
  }

  private long currentLong(String what) {
    try {
      return parser.getLongValue();
    } catch (JacksonException e) {
      throw new FormatException(source, what + " has a number beyond 64 bits", e);
    }
  }

  private JsonToken next() {
    try {
      JsonToken token = parser.nextToken();
      if (token == null) {
        throw new FormatException(source, "the JSON text ends too early");
      }
      return token;
    } catch (JacksonException e) {
      throw malformed(e);
    }
  }

  private void expect(JsonToken wanted, String what, String wantedName) {
    JsonToken token = next();
    if (token != wanted) {
      throw unexpected(token, what, wantedName);
    }
  }

  private FormatException unexpected(JsonToken token, String what, String wantedName) {
    String found =
        switch (token) {
          case START_OBJECT -> "an object";
          case START_ARRAY -> "an array";
          case VALUE_STRING -> "a string";
          case VALUE_NUMBER_INT -> "an integer";
          case VALUE_NUMBER_FLOAT -> "a fraction";
          case VALUE_TRUE, VALUE_FALSE -> "a boolean";
          case VALUE_NULL -> "null";
          default -> "something else";
        };
    return new FormatException(source, what + " must be " + wantedName + ", found " + found);
  }

  private FormatException malformed(JacksonException e) {
    return new FormatException(source, "not valid JSON: " + Json.reason(e), e);
  }
}
