package io.hadal.formats;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Strict JSON from untrusted files: duplicate keys, trailing text and deep nesting are errors. */
public final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .recyclerPool(new WipedBuffers())
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(200)
                          .maxStringLength(64 << 20)
                          .maxNameLength(1 << 20)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** What the parser says of its source, and of where something began in it. */
  private static final Pattern SOURCE =
      Pattern.compile(" ?\\(?(?:start marker at )?\\[Source: [^\\]]*]\\)?");

  /** What the parser says of how it is set up, which its users cannot change. */
  private static final Pattern SETTINGS =
      Pattern.compile(
          ",? from `StreamReadConstraints[^`]*`|: enable `JsonReadFeature[^`]*` to allow");

  private Json() {}

  /**
   * Parses a whole document.
   *
   * @param source name for error messages
   * @throws FormatException when the text is no JSON
   */
  public static JsonNode parse(byte[] utf8, String source) {
    try {
      return MAPPER.readTree(utf8);
    } catch (JacksonException e) {
      throw new FormatException(source, "not valid JSON: " + reason(e), e);
    }
  }

  /** What is wrong with a text, and where: without the words of the parser about its source. */
  public static String reason(JacksonException e) {
    String words = SOURCE.matcher(String.valueOf(e.getOriginalMessage())).replaceAll("");
    String what = SETTINGS.matcher(words).replaceAll("");
    TokenStreamLocation at = e.getLocation();
    return at == null || at.getLineNr() < 1
        ? what
        : what + " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
  }

  /**
   * Refuses fields that are none: one with a slip in its name would be taken and mean nothing.
   *
   * @param path names on the way to the object, with a dot behind each; empty for none
   * @param source name for error messages
   * @throws FormatException when there is one; it is named, if it looks like a name
   */
  public static void requireKnown(JsonNode object, Set<String> known, String path, String source) {
    for (String name : object.propertyNames()) {
      if (!known.contains(name)) {
        throw new FormatException(
            source,
            path
                + (name.matches("[A-Za-z0-9_.-]{1,40}") ? name : "a field")
                + " is unknown; known here: "
                + String.join(", ", new TreeSet<>(known)));
      }
    }
  }

  /** A document as text. */
  public static String text(JsonNode json) {
    return MAPPER.writeValueAsString(json);
  }

  /** Parses a whole file of at most {@code maxBytes}. */
  public static JsonNode parse(Path file, long maxBytes) {
    try {
      long size = Files.size(file);
      if (size > maxBytes) {
        throw new FormatException(
            file.toString(), size + " bytes of JSON, more than the limit of " + maxBytes);
      }
      return parse(Files.readAllBytes(file), file.toString());
    } catch (NoSuchFileException e) {
      throw new FormatException(file.toString(), "no such file", e);
    } catch (IOException e) {
      throw new FormatException(file.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }
}
