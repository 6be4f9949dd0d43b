package io.hadal.formats.tokenizer;

import io.hadal.formats.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The tokenizer files and vectors in the test resources. */
final class TokenizerFiles {
  @SuppressWarnings("ArrayRecordComponent") // read only
  record Vector(String category, String text, int[] ids) {}

  static final Tokenizer V3 = Tokenizer.fromJson(v3Json(), "V3");
  static final Tokenizer V4 = Tokenizer.fromJson(v4Json(), "V4");

  private TokenizerFiles() {}

  static byte[] v3Json() {
    try (InputStream in = open("deepseek_v3_tokenizer.json.gz")) {
      return new GZIPInputStream(in).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] v4Json() {
    ObjectNode root = (ObjectNode) Json.parse(v3Json(), "V3");
    ArrayNode added = (ArrayNode) root.get("added_tokens");
    for (JsonNode token : json("v4_added_tokens.json")) {
      added.add(token);
    }
    return root.toString().getBytes(StandardCharsets.UTF_8);
  }

  static byte[] read(String name) {
    try (InputStream in = open(name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode json(String name) {
    return Json.parse(read(name), name);
  }

  static List<Vector> vectors(String name) {
    List<Vector> vectors = new ArrayList<>();
    for (JsonNode v : json(name)) {
      int[] ids = new int[v.get("ids").size()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = v.get("ids").get(i).intValue();
      }
      vectors.add(new Vector(v.get("category").stringValue(), v.get("text").stringValue(), ids));
    }
    return vectors;
  }

  private static InputStream open(String name) {
    return Objects.requireNonNull(
        TokenizerFiles.class.getResourceAsStream("/tokenizer/" + name), name);
  }
}
