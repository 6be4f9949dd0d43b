package io.hadal.train.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SourceClassesTest {
  /** One letter per byte: the classes by their first letters, with n and N for names. */
  private static String classes(String text, boolean hash) {
    StringBuilder letters = new StringBuilder();
    for (TokenClass c : SourceClasses.of(text.getBytes(StandardCharsets.UTF_8), hash)) {
      letters.append(
          switch (c) {
            case KEYWORD -> 'k';
            case NEW_NAME -> 'N';
            case KNOWN_NAME -> 'n';
            case LITERAL -> 'l';
            case COMMENT -> 'c';
            case BRACKET -> 'b';
            case OPERATOR -> 'o';
            case INDENTATION -> 'i';
            case BLANK -> '.';
            case END -> 'e';
          });
    }
    return letters.toString();
  }

  @Test
  void java() {
    assertThat(classes("int ab = ab(12); // x\n\tfor", false))
        .isEqualTo("kkk.NN.o.nnbllbo.cccciikkk");
    assertThat(classes("a/*b\n*/\"c\\\"d\"'e'", false)).isEqualTo("Nccccccllllllll" + "l");
    assertThat(classes("\"\"\"\na\"b\"\"\";", false)).isEqualTo("llllllllllo");
  }

  @Test
  void python() {
    assertThat(classes("def f(x): # y\n  f", true)).isEqualTo("kkk.NbNbo.ccciiin");
  }

  @Test
  void anythingHasAClass() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 300; i++) {
      byte[] bytes = new byte[random.nextInt(60)];
      random.nextBytes(bytes);
      for (int k = 0; k < bytes.length; k++) {
        if (random.nextBoolean()) {
          bytes[k] = (byte) "\"'`\\/*#\n{".charAt(random.nextInt(9));
        }
      }
      assertThat(Arrays.asList(SourceClasses.of(bytes, random.nextBoolean())))
          .hasSize(bytes.length)
          .doesNotContainNull();
    }
  }

  @Test
  void bracketsPairUpOutsideOfText() {
    assertThat(CompletionScore.balanced("f(a[1], \")\"); // (")).isTrue();
    assertThat(CompletionScore.balanced("f(a[1)]")).isFalse();
    assertThat(CompletionScore.balanced("}{")).isFalse();
    assertThat(CompletionScore.balanced("{")).isFalse();
  }
}
