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

  /** Every code point alone, doubled, and between neighbours of each class. */
  @Test
  void equalsTheSplitExpressionsForEveryCodePoint() {
    for (int c = 0; c < 0x110000; c++) {
      if (c == 0x20000) {
        c = 0xE0000; // the planes between hold only Han letters and unassigned code points
      }
      if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
        continue;
      }
      if (c >= 0xE0200) {
        break;
      }
      String s = Character.toString(c);
      String text = s + "a" + s + " " + s + s + "!" + s + "\n" + s + "か" + s + "1" + s;
      if (!scan(text).equals(split(text))) {
        assertThat(scan(text)).as("U+%04X", c).isEqualTo(split(text));
      }
    }
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
