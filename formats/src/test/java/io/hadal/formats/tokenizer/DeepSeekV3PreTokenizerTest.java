package io.hadal.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class DeepSeekV3PreTokenizerTest {
  private static final List<Pattern> STAGES =
      DeepSeekV3PreTokenizer.STAGES.stream()
          .map(
              s ->
                  Pattern.compile(
                      s.replace("\\s", "\\p{IsWhite_Space}").replace("\\S", "\\P{IsWhite_Space}")))
          .toList();

  private final PreTokenizer scanner = new DeepSeekV3PreTokenizer();

  @Test
  void knownSplits() {
    assertThat(scan("Hello, world!  12345\n\n x"))
        .containsExactly("Hello", ",", " world", "!", "  ", "123", "45", "\n\n", " x");
    assertThat(scan("カ・キ漢字abc")).containsExactly("カ", "・", "キ漢字", "abc");
    assertThat(scan("\u0001\u0001a")).containsExactly("\u0001", "\u0001a");
    assertThat(scan(" \n  \t1")).containsExactly(" \n", "  \t", "1");
    assertThat(scan("foo(bar);\r\n\r\n}")).containsExactly("foo", "(bar", ");\r\n\r\n", "}");
  }

  @Test
  void equalsTheSplitExpressions() {
    Random random = new Random(20260101);
    for (int i = 0; i < 20_000; i++) {
      String text = RandomText.next(random, 14);
      assertThat(scan(text)).as("round %d: %s", i, text).isEqualTo(split(text));
    }
  }

  /** Code points between neighbours of each class; inside the big uniform blocks only some. */
  @Test
  void equalsTheSplitExpressionsForEveryCodePoint() {
    for (int c = 0; c <= 0xE0200; c += isUniform(c) ? 97 : 1) {
      if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
        continue;
      }
      String s = Character.toString(c);
      String text = s + "a" + s + " " + s + s + "!" + s + "\n" + s + "か" + s + "1" + s;
      if (!scan(text).equals(split(text))) {
        assertThat(scan(text)).as("U+%04X", c).isEqualTo(split(text));
      }
    }
  }

  private static boolean isUniform(int c) {
    return (c > 0x3400 && c < 0x9F00)
        || (c > 0xAC00 && c < 0xD700)
        || (c > 0xE000 && c < 0xF800)
        || (c > 0x17000 && c < 0x1AF00)
        || (c > 0x1FC00 && c < 0xDFF00);
  }

  private List<String> scan(String text) {
    char[] chars = text.toCharArray();
    List<String> pieces = new ArrayList<>();
    for (int i = 0; i < chars.length; ) {
      int end = scanner.pieceEnd(chars, i, chars.length);
      pieces.add(text.substring(i, end));
      i = end;
    }
    return pieces;
  }

  /** The stages as written, one after the other; gaps between matches stay pieces. */
  private static List<String> split(String text) {
    List<String> pieces = text.isEmpty() ? List.of() : List.of(text);
    for (Pattern stage : STAGES) {
      List<String> next = new ArrayList<>();
      for (String piece : pieces) {
        int from = 0;
        for (Matcher m = stage.matcher(piece); m.find(); from = m.end()) {
          if (m.start() > from) {
            next.add(piece.substring(from, m.start()));
          }
          next.add(m.group());
        }
        if (from < piece.length()) {
          next.add(piece.substring(from));
        }
      }
      pieces = next;
    }
    return pieces;
  }
}
