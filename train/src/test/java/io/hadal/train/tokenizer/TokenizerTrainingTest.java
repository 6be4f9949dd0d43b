package io.hadal.train.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.PreTokenizer;
import io.hadal.formats.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TokenizerTrainingTest {
  private static final String TEXT =
      "public static void main(String[] args) {\n    return \"größe 中文 😀\";\n}\n".repeat(20)
          + "public class Main extends Base {\n    private final int value = 12345;\n}\n".repeat(9);

  private static Tokenizer train(int merges) {
    WordCounts counts = new WordCounts(PreTokenizer.deepSeekV3());
    counts.add(TEXT);
    TokenizerWriter writer = new TokenizerWriter(BpeTrainer.train(counts, merges, 32, _ -> {}));
    return Tokenizer.fromJson(writer.tokenizerJson(PreTokenizer.deepSeekV3().stages()), "trained");
  }

  @Test
  void idsAreWhereTheyAreExpected() {
    Tokenizer tokenizer = train(50);
    assertThat(tokenizer.vocabSize()).isEqualTo(TokenizerWriter.fixedTokens() + 50);
    assertThat(tokenizer.id(SpecialTokens.BOS)).hasValue(0);
    assertThat(tokenizer.id(SpecialTokens.EOS)).hasValue(1);
    assertThat(tokenizer.id(SpecialVocabulary.PAD)).hasValue(2);
    assertThat(tokenizer.bos()).hasValue(0);
    assertThat(tokenizer.tokenBytes(3 + 'a')).containsExactly('a');
    assertThat(tokenizer.isSpecial(1)).isTrue();
    for (String token : SpecialVocabulary.last()) {
      int id = tokenizer.id(token).orElseThrow();
      assertThat(id).isGreaterThanOrEqualTo(3 + 256 + 50);
      assertThat(tokenizer.isAdded(id)).isTrue();
      assertThat(tokenizer.encode("a" + token + "b", true)).hasSize(3);
    }
    assertThat(SpecialVocabulary.last())
        .contains(
            SpecialTokens.SYSTEM,
            SpecialTokens.USER,
            SpecialTokens.ASSISTANT,
            SpecialTokens.THINK,
            SpecialTokens.THINK_END,
            SpecialTokens.FIM_BEGIN,
            SpecialTokens.FIM_HOLE,
            SpecialTokens.FIM_END,
            SpecialTokens.DSML);
  }

  @Test
  void frequentWordsBecomeOneToken() {
    Tokenizer tokenizer = train(200);
    assertThat(tokenizer.encode("public static void", false)).hasSize(3);
    assertThat(tokenizer.encode(TEXT, false).length).isLessThan(TEXT.length() / 3);
  }

  @Test
  void everyTextComesBack() {
    Tokenizer tokenizer = train(150);
    SplittableRandom random = new SplittableRandom(8);
    for (int round = 0; round < 500; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(60); i > 0; i--) {
        if (random.nextBoolean()) {
          int from = random.nextInt(TEXT.length() - 8);
          text.append(TEXT, from, from + random.nextInt(8));
        } else {
          text.appendCodePoint(random.nextInt(0xD800));
        }
      }
      String wellFormed =
          new String(text.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
      assertThat(tokenizer.decode(tokenizer.encode(wellFormed, false))).isEqualTo(wellFormed);
    }
  }

  @Test
  void encodingAppliesTheMergesInOrder() {
    WordCounts counts = new WordCounts(PreTokenizer.deepSeekV3());
    counts.add(TEXT);
    List<BpeTrainer.Merge> merges = BpeTrainer.train(counts, 150, 32, _ -> {});
    Tokenizer tokenizer = train(150);
    for (int i = 0; i < merges.size(); i++) {
      String token = tokenizer.token(3 + 256 + i);
      String left = tokenizer.token(3 + merges.get(i).left());
      String right = tokenizer.token(3 + merges.get(i).right());
      assertThat(token).isEqualTo(left + right);
    }
  }

  @Test
  void impossibleSettings() {
    for (int size : new int[] {-1, 0, TokenizerWriter.fixedTokens() - 1, 1 << 21}) {
      assertThatThrownBy(() -> new TokenizerTraining(size, 1, 1, 1, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> new TokenizerTraining(8192, 0, 1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Tokenizer.fromJson(new byte[] {'{'}, "x"))
        .isInstanceOf(FormatException.class);
  }
}
