package io.hadal.engine.tiny;

import io.hadal.formats.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A made-up byte-level tokenizer of any size: three added tokens, the bytes, then words in two
 * spellings each that the canonical map takes for one.
 */
final class TinyTokenizer {
  private static final int ADDED = 3;
  private static final int WORDS = ADDED + 256;

  private TinyTokenizer() {}

  /** {@code tokenizer.json} with the pre-tokenizer of the release. */
  static String json(int vocab) {
    ObjectNode root;
    try (InputStream in =
        Objects.requireNonNull(
            TinyTokenizer.class.getResourceAsStream("/golden/e/tokenizer.json"))) {
      root = (ObjectNode) Json.parse(in.readAllBytes(), "tokenizer.json");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ArrayNode added = root.putArray("added_tokens");
    for (int id = 0; id < ADDED; id++) {
      added.addObject().put("id", id).put("content", "<" + id + ">").put("special", true);
    }
    ObjectNode model = (ObjectNode) root.get("model");
    ObjectNode tokens = model.putObject("vocab");
    for (int id = ADDED; id < vocab; id++) {
      tokens.put(spelling(id), id);
    }
    model.putArray("merges");
    return JsonMapper.shared().writeValueAsString((JsonNode) root);
  }

  private static String spelling(int id) {
    return id < WORDS ? String.valueOf(letter(id - ADDED)) : spaced(id) ? "Ġ" + word(id) : word(id);
  }

  private static boolean spaced(int id) {
    return (id - WORDS) % 2 == 1;
  }

  /** Two or more letters, one of them large in the spelling without a space. */
  private static String word(int id) {
    int number = (id - WORDS) / 2;
    String word = "q" + Integer.toString(number + 10, 36).replaceAll("[0-9]", "z$0");
    return spaced(id) ? word : word.toUpperCase(Locale.ROOT);
  }

  /** The byte's character in GPT-2's alphabet. */
  private static char letter(int value) {
    boolean printable = (value > 32 && value < 127) || (value > 160 && value < 173) || value > 173;
    if (printable) {
      return (char) value;
    }
    int before = 0;
    for (int v = 0; v < value; v++) {
      before += (v > 32 && v < 127) || (v > 160 && v < 173) || v > 173 ? 0 : 1;
    }
    return (char) (256 + before);
  }

  /** Engram spec 1 for these tokens: ASCII, or bytes that are no text by themselves. */
  static int[] canonical(int vocab) {
    Map<String, Integer> ids = new HashMap<>();
    int[] map = new int[vocab];
    for (int id = 0; id < vocab; id++) {
      String key;
      if (id < ADDED) {
        key = "<" + id + ">";
      } else if (id >= WORDS) {
        key = word(id).toLowerCase(Locale.ROOT);
      } else {
        int value = id - ADDED;
        boolean blank = value == ' ' || value == '\t' || value == '\r' || value == '\n';
        key =
            value >= 128
                ? String.valueOf(letter(value))
                : blank ? " " : String.valueOf((char) value).toLowerCase(Locale.ROOT);
      }
      Integer known = ids.putIfAbsent(key, ids.size());
      map[id] = known == null ? ids.size() - 1 : known;
    }
    return map;
  }
}
