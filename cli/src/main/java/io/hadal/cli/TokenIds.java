package io.hadal.cli;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.model.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringTokenizer;
import tools.jackson.databind.JsonNode;

/** Token ids in files and arguments. */
final class TokenIds {
  private static final long MAX_BYTES = 256L << 20;

  /** Key of a list that has no name of its own. */
  static final String UNNAMED = "";

  private TokenIds() {}

  /**
   * The lists of a JSON file: an array of ids, an object with {@code ids} or {@code tokens}, both
   * under {@link #UNNAMED}, or an object of named arrays.
   *
   * @throws FormatException when the file holds something else or an empty list
   */
  static Map<String, int[]> lists(Path file) throws NoSuchFileException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    String source = file.toString();
    JsonNode root = Json.parse(file, MAX_BYTES);
    Map<String, int[]> lists = new LinkedHashMap<>();
    if (isList(root)) {
      lists.put(UNNAMED, ids(root, source));
    } else {
      for (Map.Entry<String, JsonNode> entry : root.properties()) {
        lists.put(entry.getKey(), ids(entry.getValue(), source + ": " + entry.getKey()));
      }
    }
    if (lists.isEmpty()) {
      throw new FormatException(source, "holds no token ids; " + EXPECTED);
    }
    lists.forEach(
        (name, ids) -> {
          if (ids.length == 0) {
            throw new FormatException(source, "holds an empty list " + name);
          }
        });
    return lists;
  }

  private static final String EXPECTED = "expected [1, 2, …] or {\"ids\": [1, 2, …]}";

  /** The one list of a JSON file. */
  static int[] list(Path file) throws NoSuchFileException {
    int[] ids = lists(file).get(UNNAMED);
    if (ids == null) {
      throw new FormatException(file.toString(), "holds named lists; " + EXPECTED);
    }
    return ids;
  }

  /** Ids written as JSON (array, or object with {@code ids}) or as numbers between separators. */
  static int[] parse(String text, String source) {
    String trimmed = text.strip();
    if (trimmed.startsWith("[") || trimmed.startsWith("{")) {
      JsonNode root = Json.parse(trimmed.getBytes(StandardCharsets.UTF_8), source);
      if (!isList(root)) {
        throw new FormatException(source, "holds no token ids; " + EXPECTED);
      }
      return ids(root, source);
    }
    StringTokenizer parts = new StringTokenizer(trimmed, ", \t\r\n");
    int[] ids = new int[parts.countTokens()];
    for (int i = 0; i < ids.length; i++) {
      String part = parts.nextToken();
      try {
        ids[i] = Integer.parseInt(part);
      } catch (NumberFormatException e) {
        throw new FormatException(
            source, "'" + (part.length() > 40 ? part.substring(0, 40) + "…" : part) + "' is no id");
      }
      checkRange(ids[i], source);
    }
    return ids;
  }

  /**
   * Checks the ids of a text against a model.
   *
   * @throws FormatException for an id outside the vocabulary or one that needs an image
   */
  static void check(int[] ids, ModelConfig config, String source) {
    int vocabulary = config.vocabSize();
    for (int id : ids) {
      if (id == config.imageId()) {
        throw new FormatException(
            source, "holds token id " + id + ", which stands for an image; take it out");
      }
      if (id >= vocabulary) {
        throw new FormatException(
            source,
            "token id "
                + id
                + " is outside the model's vocabulary of "
                + vocabulary
                + "; ids or tokenizer belong to another model");
      }
    }
  }

  private static boolean isList(JsonNode root) {
    return root.isArray() || root.path("ids").isArray() || root.path("tokens").isArray();
  }

  private static int[] ids(JsonNode node, String source) {
    JsonNode list = node;
    if (node.isObject()) {
      // The output of `tokenize --json` has both, and its tokens are texts.
      list = node.path("ids").isArray() ? node.path("ids") : node.path("tokens");
    }
    if (!list.isArray()) {
      throw new FormatException(source, "is no list of token ids; " + EXPECTED);
    }
    int[] ids = new int[list.size()];
    int i = 0;
    for (JsonNode id : list) {
      if (!id.isIntegralNumber() || !id.canConvertToInt()) {
        throw new FormatException(source, "entry " + i + " is no token id");
      }
      ids[i] = id.intValue();
      checkRange(ids[i++], source);
    }
    return ids;
  }

  private static void checkRange(int id, String source) {
    if (id < 0) {
      throw new FormatException(source, "token id " + id + " is negative");
    }
  }
}
