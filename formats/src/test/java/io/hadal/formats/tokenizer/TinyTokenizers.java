package io.hadal.formats.tokenizer;

import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Generated vocabularies and the tokenizer.json around them. */
final class TinyTokenizers {
  record Rules(List<String> vocabulary, List<String[]> merges) {}

  /** A tokenizer.json that tests may change before reading it. */
  record TokenizerFile(ObjectNode root) {
    byte[] bytes() {
      return root.toString().getBytes(StandardCharsets.UTF_8);
    }

    Tokenizer tokenizer() {
      return Tokenizer.fromJson(bytes(), "test");
    }

    ObjectNode model() {
      return (ObjectNode) root.get("model");
    }
  }

  private TinyTokenizers() {}

  static Rules bytesOnly() {
    List<String> vocabulary = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      vocabulary.add(String.valueOf(ByteAlphabet.toChar(b)));
    }
    return new Rules(vocabulary, List.of());
  }

  /**
   * Merges over the letters a–c.
   *
   * @param ordered whether every merge comes after those that make its parts
   */
  static Rules random(Random random, int merges, boolean ordered) {
    List<String> vocabulary = bytesOnly().vocabulary;
    List<String> parts = new ArrayList<>(List.of("a", "b", "c"));
    Set<List<String>> pairs = new LinkedHashSet<>();
    Set<String> used = new LinkedHashSet<>();
    while (pairs.size() < merges) {
      String left = parts.get(random.nextInt(parts.size()));
      String right = parts.get(random.nextInt(parts.size()));
      String merged = left + right;
      if (merged.length() > 8
          || (ordered && used.contains(merged))
          || !pairs.add(List.of(left, right))) {
        continue;
      }
      used.add(left);
      used.add(right);
      if (!parts.contains(merged)) {
        parts.add(merged);
        vocabulary.add(merged);
      }
    }
    List<String[]> list = new ArrayList<>();
    pairs.forEach(p -> list.add(p.toArray(String[]::new)));
    if (!ordered) {
      Collections.shuffle(list, random);
    }
    return new Rules(vocabulary, list);
  }

  static TokenizerFile json(Rules rules, String... added) {
    ObjectNode root =
        (ObjectNode) Json.parse(TokenizerFiles.read("tiny_tokenizer.json"), "tiny_tokenizer.json");
    ObjectNode model = (ObjectNode) root.get("model");
    ObjectNode vocab = model.putObject("vocab");
    rules.vocabulary.forEach(token -> vocab.put(token, vocab.size()));
    ArrayNode merges = model.putArray("merges");
    rules.merges.forEach(m -> merges.addArray().add(m[0]).add(m[1]));
    ArrayNode list = root.putArray("added_tokens");
    for (String token : added) {
      list.addObject()
          .put("id", rules.vocabulary.size() + list.size() - 1)
          .put("content", token)
          .put("special", token.startsWith("<"));
    }
    return new TokenizerFile(root);
  }
}
