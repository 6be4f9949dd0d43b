package io.hadal.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.TinyTokenizers.TokenizerFile;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class TokenizerJsonTest {
  private static final byte[] TINY = TokenizerFiles.read("tiny_tokenizer.json");

  @Test
  void mergesAsTextAndAsArraysAreTheSame() {
    TokenizerFile arrays = TinyTokenizers.json(TinyTokenizers.random(new Random(1), 30, true));
    TokenizerFile texts = new TokenizerFile(arrays.root().deepCopy());
    ArrayNode list = texts.model().putArray("merges");
    arrays
        .model()
        .get("merges")
        .forEach(m -> list.add(m.get(0).stringValue() + " " + m.get(1).stringValue()));
    String text = "abcabcaabbccabacbcab";
    assertThat(texts.tokenizer().encode(text, true))
        .isEqualTo(arrays.tokenizer().encode(text, true))
        .hasSizeLessThan(text.length());
  }

  @Test
  void unsupportedPartsAreNamed() {
    rejects(f -> f.root().putObject("normalizer").put("type", "NFC"), "normalizer", "NFC");
    rejects(f -> f.root().putNull("pre_tokenizer"), "pre_tokenizer", "none");
    rejects(
        f -> f.root().putObject("pre_tokenizer").put("type", "Whitespace"),
        "pre_tokenizer.pretokenizers[0]",
        "Whitespace");
    rejects(f -> split(f, 0).put("behavior", "Removed"), "[0].behavior", "Removed");
    rejects(f -> split(f, 0).put("invert", true), "[0].invert", "true");
    rejects(
        f -> ((ObjectNode) split(f, 1).get("pattern")).put("Regex", "x+"),
        "pre_tokenizer",
        "\"x+\"");
    rejects(f -> split(f, 3).put("use_regex", true), "[3].use_regex", "true");
    rejects(f -> f.root().putObject("decoder").put("type", "WordPiece"), "decoder", "WordPiece");
    rejects(f -> f.model().put("type", "Unigram"), "model.type", "Unigram");
    rejects(f -> f.model().put("byte_fallback", true), "model.byte_fallback", "true");
    rejects(f -> f.model().put("end_of_word_suffix", "</w>"), "model.end_of_word_suffix", "</w>");
    rejects(f -> f.model().put("dropout", 0.1), "model.dropout", "0.1");
    rejects(f -> added(f, 0).put("lstrip", true), "added_tokens[0].lstrip", "true");
  }

  @Test
  void inconsistentVocabularies() {
    rejects(f -> ((ObjectNode) f.model().get("vocab")).remove("a"), "merges[", "not in the vocab");
    rejects(f -> ((ObjectNode) f.model().get("vocab")).put("a", 5), "takes id", "belongs to");
    rejects(f -> ((ObjectNode) f.model().get("vocab")).put("new", -1), "id -1", "allowed");
    rejects(f -> ((ObjectNode) f.model().get("vocab")).put("new", 1L << 40), "id 1099511627776");
    rejects(f -> ((ObjectNode) f.model().get("vocab")).put("new", 1.5), "not an integer id");
    rejects(f -> ((ArrayNode) f.model().get("merges")).add("a"), "merges[241] = \"a\"");
    rejects(f -> ((ArrayNode) f.model().get("merges")).add("Ġ Ġ"), "merges[241] repeats");
    rejects(f -> ((ArrayNode) f.model().get("merges")).add(1), "merges[241] is neither");
    rejects(f -> added(f, 0).put("content", ""), "added_tokens[0]", "0 characters");
    rejects(f -> added(f, 3).put("content", "<think>"), "added_tokens[7]", "it is also 500");
    String lone = new String(TINY, StandardCharsets.UTF_8).replace("<｜title｜>", "\\ud800");
    assertThatThrownBy(() -> Tokenizer.fromJson(lone.getBytes(StandardCharsets.UTF_8), "test"))
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll("added_tokens[13]", "surrogate");
    TokenizerFile bytes = TinyTokenizers.json(TinyTokenizers.bytesOnly());
    ((ObjectNode) bytes.model().get("vocab")).remove("Ċ");
    assertThatThrownBy(bytes::tokenizer)
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("no token for byte 0x0A");
  }

  @Test
  void mergesCannotMakeAddedTokens() {
    TokenizerFile file = TinyTokenizers.json(TinyTokenizers.bytesOnly(), "<ab");
    ((ArrayNode) file.model().get("merges")).add("< ab");
    assertThatThrownBy(file::tokenizer).isInstanceOf(FormatException.class);
    ((ObjectNode) file.model().get("vocab")).put("ab", 300);
    assertThatThrownBy(file::tokenizer)
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("added token \"<ab\"");
  }

  /** Mutated files either load and work, or are refused with a FormatException. */
  @Test
  void mutatedFiles() {
    Random random = new Random(424242);
    long stop = System.nanoTime() + 8_000_000_000L;
    int loaded = 0;
    int refused = 0;
    for (int round = 0; round < 1200 && System.nanoTime() < stop; round++) {
      byte[] mutant = mutate(random);
      try {
        Tokenizer tokenizer = Tokenizer.fromJson(mutant, "mutant");
        String text = RandomText.next(random, 20);
        assertThat(tokenizer.decode(tokenizer.encode(text, false))).isEqualTo(text);
        assertThat(tokenizer.decode(tokenizer.encode(text, true))).isEqualTo(text);
        for (int id = 0; id < tokenizer.vocabSize(); id++) {
          tokenizer.tokenBytes(id);
        }
        loaded++;
      } catch (FormatException e) {
        assertThat(e.getMessage()).startsWith("mutant: ");
        refused++;
      }
    }
    assertThat(loaded).isPositive();
    assertThat(refused).isPositive();
  }

  private static byte[] mutate(Random random) {
    byte[] b = TINY.clone();
    int edits = 1 + random.nextInt(3);
    for (int i = 0; i < edits; i++) {
      // Half of the edits hit the structure before and after the long vocabulary.
      int at = random.nextBoolean() ? random.nextInt(b.length) : random.nextInt(4000) % b.length;
      int length = Math.min(random.nextInt(12), b.length - at);
      switch (random.nextInt(6)) {
        case 0 -> b[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> b = splice(b, at, length, new byte[0]);
        case 2 -> {
          int from = random.nextInt(b.length - 40);
          b = splice(b, at, length, Arrays.copyOfRange(b, from, from + 40));
        }
        case 3 -> b = Arrays.copyOf(b, at);
        default -> b = replaceWord(b, random);
      }
    }
    return b;
  }

  /** Swaps one JSON scalar for another value of the same or another type. */
  private static byte[] replaceWord(byte[] b, Random random) {
    String[] values = {
      "null",
      "true",
      "false",
      "0",
      "-1",
      "511",
      "2147483648",
      "1e400",
      "\"\"",
      "\"a\"",
      "[]",
      "{}",
      "\"\\ud800\"",
      "[\"a\",\"b\"]",
      "\"ByteLevel\"",
      "999999999999999999999999"
    };
    String text = new String(b, StandardCharsets.UTF_8);
    int colon = text.indexOf(": ", random.nextInt(text.length()));
    int comma = colon < 0 ? -1 : text.indexOf('\n', colon);
    if (comma < 0) {
      return b;
    }
    boolean keepsComma = text.charAt(comma - 1) == ',';
    return (text.substring(0, colon + 2)
            + values[random.nextInt(values.length)]
            + text.substring(keepsComma ? comma - 1 : comma))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] splice(byte[] b, int at, int length, byte[] insert) {
    byte[] result = new byte[b.length - length + insert.length];
    System.arraycopy(b, 0, result, 0, at);
    System.arraycopy(insert, 0, result, at, insert.length);
    System.arraycopy(b, at + length, result, at + insert.length, b.length - at - length);
    return result;
  }

  private static void rejects(Consumer<TokenizerFile> change, String... parts) {
    TokenizerFile file = new TokenizerFile((ObjectNode) Json.parse(TINY, "tiny"));
    change.accept(file);
    assertThatThrownBy(file::tokenizer)
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(parts);
  }

  private static ObjectNode split(TokenizerFile file, int i) {
    return (ObjectNode) file.root().get("pre_tokenizer").get("pretokenizers").get(i);
  }

  private static ObjectNode added(TokenizerFile file, int i) {
    return (ObjectNode) file.root().get("added_tokens").get(i);
  }
}
