package io.hadal.train.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.prompt.FimPrompt;
import io.hadal.formats.prompt.SpecialTokens;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FillInMiddleTest {
  private static final String TEXT = "int a = 1;\nString s = \"😀😀\";\n";

  private static String plain(List<FillInMiddle.Part> parts) {
    return parts.stream().map(FillInMiddle.Part::text).collect(Collectors.joining());
  }

  @Test
  void prefixSuffixMiddleIsThePromptPlusItsAnswer() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 200; i++) {
      List<FillInMiddle.Part> parts = FillInMiddle.transform(TEXT, 0, 0.5, random);
      String prefix = parts.get(1).text();
      String suffix = parts.get(3).text();
      String middle = parts.get(5).text();
      assertThat(prefix + middle + suffix).isEqualTo(TEXT);
      assertThat(plain(parts)).isEqualTo(FimPrompt.encode(prefix, suffix, false).text() + middle);
      // Whole characters only.
      for (String part : List.of(prefix, middle, suffix)) {
        assertThat(part.codePoints().noneMatch(c -> c >= 0xD800 && c < 0xE000)).isTrue();
      }
    }
  }

  @Test
  void suffixPrefixMiddleHasNoBoundaryBeforeTheMiddle() {
    List<FillInMiddle.Part> parts = FillInMiddle.transform(TEXT, 1, 0, new SplittableRandom(2));
    assertThat(parts).hasSize(5);
    assertThat(parts.get(4).text() + parts.get(2).text()).isEqualTo(TEXT);
    assertThat(plain(parts)).startsWith(SpecialTokens.FIM_BEGIN + SpecialTokens.FIM_HOLE);
  }

  @Test
  void shortHolesAreShortAndAnywhere() {
    String text = "x".repeat(1000);
    SplittableRandom random = new SplittableRandom(4);
    int early = 0;
    for (int i = 0; i < 200; i++) {
      List<FillInMiddle.Part> parts = FillInMiddle.transform(text, 0, 1, random);
      assertThat(parts.get(5).text().length()).isLessThanOrEqualTo(80);
      early += parts.get(1).text().length() < 500 ? 1 : 0;
    }
    assertThat(early).isBetween(60, 140);
  }

  @Test
  void everyPlaceIsCut() {
    SplittableRandom random = new SplittableRandom(3);
    boolean[] seen = new boolean[4];
    for (int i = 0; i < 200; i++) {
      seen[FillInMiddle.transform("abc", 0, 0, random).get(1).text().length()] = true;
    }
    assertThat(seen).containsOnly(true);
    assertThat(FillInMiddle.transform("", 0, 1, random)).hasSize(6);
  }

  @Test
  void windowsEndAtLineEnds() {
    String text = "12345\n".repeat(10) + "x".repeat(40) + "\n1\n2";
    List<String> windows = FillInMiddle.windows(text, 20);
    assertThat(String.join("", windows)).isEqualTo(text);
    assertThat(windows.getFirst()).isEqualTo("12345\n".repeat(3));
    assertThat(windows).contains("x".repeat(40) + "\n");
    assertThat(windows.getLast()).isEqualTo("1\n2");
    assertThat(FillInMiddle.windows("", 20)).isEmpty();
  }
}
