package io.hadal.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.tokenizer.TokenizerFiles.Vector;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class GoldenVectorTest {
  @TestFactory
  List<DynamicTest> v3() {
    return tests("golden_v3.json", TokenizerFiles.V3);
  }

  @TestFactory
  List<DynamicTest> v4() {
    return tests("golden_v4.json", TokenizerFiles.V4);
  }

  private static List<DynamicTest> tests(String file, Tokenizer tokenizer) {
    List<Vector> vectors = TokenizerFiles.vectors(file);
    assertThat(vectors).hasSize(294);
    return vectors.stream()
        .map(v -> DynamicTest.dynamicTest(v.category(), () -> check(tokenizer, v)))
        .toList();
  }

  private static void check(Tokenizer tokenizer, Vector v) {
    assertThat(tokenizer.encode(v.text(), true)).as(v.text()).isEqualTo(v.ids());
    assertThat(tokenizer.decodeBytes(v.ids())).isEqualTo(v.text().getBytes(StandardCharsets.UTF_8));
    assertThat(tokenizer.decode(v.ids())).isEqualTo(v.text());
  }

  /** Prompt ids of a tiny model's vectors; their text must lead back to the same ids. */
  @Test
  void tinyTokenizer() {
    Tokenizer tiny = Tokenizer.fromJson(TokenizerFiles.read("tiny_tokenizer.json"), "tiny");
    assertThat(tiny.vocabSize()).isEqualTo(512);
    int[] chat = {
      0, 500, 42, 71, 78, 78, 81, 14, 295, 74, 81, 223, 67, 278, 223, 91, 81, 87, 33, 501, 505
    };
    assertThat(tiny.decode(chat))
        .isEqualTo("<｜begin▁of▁sentence｜><｜User｜>Hello, who are you?<｜Assistant｜></think>");
    assertThat(tiny.encode(tiny.decode(chat), true)).isEqualTo(chat);
    int[] turns = {
      502, 52, 71, 325, 81, 80, 302, 316, 72, 72, 276, 86, 28, 223, 19, 18, 18, 223, 10, 84, 67, 80,
      73, 71, 223, 19, 15, 19, 18, 18, 14, 428, 223, 74, 75, 73, 319, 84, 428, 425, 14, 428, 223,
      79, 276, 71, 265, 74, 276, 81, 87, 73, 74, 428, 223, 278, 325, 81, 80, 302, 11, 381, 36, 71,
      294, 90, 67, 69, 86, 16, 500, 37, 292, 75, 86, 313, 223, 81, 72, 284, 84, 67, 80, 69, 71, 33,
      501, 505, 50, 67, 290, 85, 16, 1
    };
    assertThat(tiny.decode(turns))
        .isEqualTo(
            "<｜System｜>Reasoning Effort: 100 (range 1-100, the higher the value, the more"
                + " thorough the reasoning)\n\nBe exact.<｜User｜>Capital of France?<｜Assistant｜></think>Paris."
                + "<｜end▁of▁sentence｜>");
    assertThat(tiny.encode(tiny.decode(turns), true)).isEqualTo(turns);
  }
}
