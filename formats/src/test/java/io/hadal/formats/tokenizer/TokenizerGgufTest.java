package io.hadal.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.tokenizer.TokenizerFiles.Vector;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class TokenizerGgufTest {
  private static final GgufVocabulary V4 = v4();

  @Test
  void equalsTheJsonTokenizer() {
    Tokenizer gguf = Tokenizer.fromGguf(V4, "v4.gguf");
    for (Vector v : TokenizerFiles.vectors("golden_v4.json")) {
      assertThat(gguf.encode(v.text(), true)).as(v.text()).isEqualTo(v.ids());
      assertThat(gguf.encode(v.text(), false)).isEqualTo(TokenizerFiles.V4.encode(v.text(), false));
      assertThat(gguf.decode(v.ids())).isEqualTo(v.text());
    }
    assertThat(gguf.bos()).hasValue(0);
    assertThat(gguf.addBos()).isTrue();
    assertThat(gguf.vocabSize()).isEqualTo(TokenizerFiles.V4.vocabSize() + 2);
    int unused = gguf.vocabSize() - 1;
    assertThat(gguf.token(unused)).isEqualTo("[PAD]");
    assertThat(gguf.decode(new int[] {unused})).isEmpty();
    assertThat(gguf.isAdded(unused)).isFalse();
  }

  @Test
  void unknownPreTokenizerListsTheSupportedOnes() {
    assertThatThrownBy(() -> Tokenizer.fromGguf(with("gpt2", "llama-bpe", V4.tokenTypes()), "f"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("f: tokenizer.ggml.pre = \"llama-bpe\"")
        .hasMessageContaining("deepseek-v3, joyai-llm");
  }

  @Test
  void brokenMetadata() {
    assertThatThrownBy(() -> Tokenizer.fromGguf(with("llama", "joyai-llm", V4.tokenTypes()), "f"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tokenizer.ggml.model = \"llama\"");
    assertThatThrownBy(() -> Tokenizer.fromGguf(with("gpt2", "joyai-llm", new int[0]), "f"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tokenizer.ggml.token_type has 0 entries");
    GgufVocabulary bos =
        new GgufVocabulary(
            "gpt2",
            "joyai-llm",
            V4.tokens(),
            V4.tokenTypes(),
            V4.merges(),
            OptionalInt.of(-1),
            OptionalInt.empty(),
            false);
    assertThatThrownBy(() -> Tokenizer.fromGguf(bos, "f"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tokenizer.ggml.bos_token_id = -1");
  }

  private static GgufVocabulary with(String model, String pre, int[] types) {
    return new GgufVocabulary(
        model, pre, V4.tokens(), types, V4.merges(), V4.bos(), V4.eos(), V4.addBos());
  }

  /** V4 as a converter writes it: added tokens are control or user-defined, then padding. */
  private static GgufVocabulary v4() {
    Tokenizer json = TokenizerFiles.V4;
    List<String> tokens = new ArrayList<>();
    int[] types = new int[json.vocabSize() + 2];
    for (int id = 0; id < types.length; id++) {
      boolean hole = json.token(id).isEmpty();
      tokens.add(hole ? "[PAD]" : json.token(id));
      types[id] = hole ? 5 : !json.isAdded(id) ? 1 : json.token(id).endsWith("｜>") ? 3 : 4;
    }
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : Json.parse(TokenizerFiles.v3Json(), "V3").get("model").get("merges")) {
      merges.add(merge.stringValue());
    }
    return new GgufVocabulary(
        "gpt2", "joyai-llm", tokens, types, merges, OptionalInt.of(0), OptionalInt.of(1), true);
  }
}
