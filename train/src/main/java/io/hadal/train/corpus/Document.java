package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One source file of a corpus, a line of its JSONL files.
 *
 * @param path path inside the artifact
 * @param project project in the sense of the split
 * @param artifact where it comes from: Maven coordinates
 * @param licence SPDX identifier
 * @param text cleaned text: line feeds only, without licence header
 */
public record Document(
    String path, String project, String artifact, String licence, Language language, String text) {

  /** A number in [0, 1) that belongs to this document, for choosing samples. */
  public double sample(long seed) {
    return unit(Hashing.mix(seed ^ Hashing.of(artifact) * 31 + Hashing.of(path)));
  }

  /** A number in [0, 1) that belongs to a text. */
  public static double place(String text, long seed) {
    return unit(Hashing.mix(seed ^ Hashing.of(text)));
  }

  private static double unit(long hash) {
    return (hash >>> 11) * 0x1.0p-53;
  }

  /** Length of the text in UTF-8. */
  public int utf8Length() {
    int n = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        // Half of a surrogate pair stands for two bytes of four.
        n += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
      }
    }
    return n;
  }

  String toJson() {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("path", path)
        .put("project", project)
        .put("artifact", artifact)
        .put("licence", licence)
        .put("language", language.label())
        .put("text", text);
    return node.toString();
  }

  static Document fromJson(String line, String source) {
    JsonNode node = Json.parse(line.getBytes(StandardCharsets.UTF_8), source);
    String label = field(node, "language", source);
    Language language = Language.labelled(label);
    if (language == null) {
      throw new FormatException(source, "language '" + label + "' is unknown");
    }
    return new Document(
        field(node, "path", source),
        field(node, "project", source),
        field(node, "artifact", source),
        field(node, "licence", source),
        language,
        field(node, "text", source));
  }

  private static String field(JsonNode node, String name, String source) {
    JsonNode value = node.path(name);
    if (!value.isString()) {
      throw new FormatException(source, name + " is missing or not a string");
    }
    return value.stringValue();
  }
}
