package io.hadal.platform.redaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatternDetectorTest {
  private static List<String> found(String pattern, String text) {
    List<String> found = new ArrayList<>();
    new PatternDetector("X", pattern)
        .find(text, f -> found.add(text.substring(f.start(), f.end())));
    return found;
  }

  @Test
  void findsPlaces() {
    assertThat(found("ABC-\\d{4,6}", "see ABC-12345, ABC-12 and ABC-1234567"))
        .containsExactly("ABC-12345", "ABC-123456");
    assertThat(found("(?i)project (?:zeus|hera)", "Project ZEUS and project Hera"))
        .containsExactly("Project ZEUS", "project Hera");
    assertThat(found("\\bcat\\b", "cat concat cat's")).containsExactly("cat", "cat");
    assertThat(found("^a|b$", "ab ab")).containsExactly("a", "b");
    assertThat(found("[^\\s,]+@corp", "a@corp, bb@corp")).containsExactly("a@corp", "bb@corp");
    assertThat(found("a*", "baac")).containsExactly("aa");
    assertThat(found(".", "😀")).containsExactly("😀");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "(",
        ")",
        "a)",
        "[a",
        "[z-a]",
        "*a",
        "a**b{",
        "a{3,1}",
        "a{1,2,3}",
        "a{999}",
        "(?=a)",
        "(?<n>a)",
        "\\1",
        "\\p{L}",
        "a++",
        "a\\",
        "[[a]]",
        "[a&&b]",
        "(a{200}){200}",
        "((((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}"
      })
  void refusesWhatItCannotFollow(String pattern) {
    assertThatThrownBy(() -> new PatternDetector("X", pattern))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("pattern X");
  }

  @Test
  void emptyRepetitionsEnd() {
    StringBuilder pattern = new StringBuilder("()");
    for (int i = 0; i < 40; i++) {
      pattern.insert(0, "(").append("{200})");
    }
    assertThat(found(pattern + "a", "xa")).containsExactly("a");
    assertThat(found("(a*)*b", "aab")).containsExactly("aab");
  }

  /** What backtracking takes hours for. */
  @ParameterizedTest
  @ValueSource(strings = {"(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){12}b", "(a?){50}a{50}b"})
  void noPatternIsSlow(String pattern) {
    String text = "a".repeat(20_000);
    long start = System.nanoTime();
    assertThat(found(pattern, text)).isEmpty();
    assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
  }

  /** The union of all matches at all places, found by trying them with another engine. */
  @Test
  void findsWhatAnotherEngineFinds() {
    Random random = new Random(11);
    for (int round = 0; round < 1500; round++) {
      String pattern = pattern(random, 3);
      StringBuilder text = new StringBuilder();
      int length = 1 + random.nextInt(9);
      for (int i = 0; i < length; i++) {
        text.append("ab1 ".charAt(random.nextInt(4)));
      }
      BitSet expected = new BitSet();
      Matcher matcher = Pattern.compile(pattern).matcher(text);
      matcher.useAnchoringBounds(false).useTransparentBounds(true);
      for (int start = 0; start < length; start++) {
        for (int end = start + 1; end <= length; end++) {
          if (matcher.region(start, end).matches()) {
            expected.set(start, end);
          }
        }
      }
      BitSet found = new BitSet();
      new PatternDetector("X", pattern).find(text.toString(), f -> found.set(f.start(), f.end()));
      assertThat(found).as(pattern + " in '" + text + "'").isEqualTo(expected);
    }
  }

  private static String pattern(Random random, int depth) {
    int choice = random.nextInt(depth > 0 ? 10 : 5);
    return switch (choice) {
      case 0 -> "a";
      case 1 -> "[^a ]";
      case 2 -> ".";
      case 3 -> "\\d";
      case 4 -> "b";
      case 5 -> pattern(random, depth - 1) + pattern(random, depth - 1);
      case 6 -> "(" + pattern(random, depth - 1) + "|" + pattern(random, depth - 1) + ")";
      case 7 -> "(?:" + pattern(random, depth - 1) + ")" + "*+?".charAt(random.nextInt(3));
      case 8 -> "(" + pattern(random, depth - 1) + "){1,3}";
      default -> "\\b" + pattern(random, depth - 1);
    };
  }

  @Test
  void dictionaryFindsWholeWordsAtOnce() {
    DictionaryDetector words =
        new DictionaryDetector("NAME", List.of("Zeus", "Zeus Prime", "she", "hers", "项目甲", "C++"));
    List<String> found = new ArrayList<>();
    String text = "ZEUS prime, zeus, zeusx, ushers, she; 这是项目甲的 C++ and C+++";
    words.find(text, f -> found.add(text.substring(f.start(), f.end())));
    assertThat(found).containsExactly("ZEUS prime", "zeus", "she", "项目甲", "C++", "C++");
    assertThatThrownBy(() -> new DictionaryDetector("NAME", List.of(" ")))
        .isInstanceOf(FormatException.class);
    assertThatThrownBy(() -> new DictionaryDetector("no name", List.of("a")))
        .isInstanceOf(FormatException.class);
  }
}
