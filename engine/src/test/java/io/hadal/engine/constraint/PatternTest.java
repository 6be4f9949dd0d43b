package io.hadal.engine.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Regular expressions and ranges of numbers, against other ways to find the same. */
class PatternTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "^a",
        "a$",
        "^a$",
        "^(a|b)*abb$",
        "^a|b$",
        "[^ab]",
        "^[a-c]{2,3}$",
        "^(?:ab){0,2}c?$",
        "\\d+",
        "^\\w+\\s\\w+$",
        "^\\D*$",
        "^a.c$",
        "^[\\d\\-_]+$",
        "^$",
        "a{2,}b",
        "^(?<n>a)+?b$",
        "^\\u0061\\x62$",
        "^[\\s\\S]*$",
        "^x{,3}$",
        "b|^a"
      })
  void asTheRegularExpressionsOfJava(String pattern) {
    RegularLanguage language = RegularLanguage.of(Regex.anywhere(pattern));
    // Java wants an escape where others do not.
    Pattern java = Pattern.compile(pattern.replace("{,3}", "\\{,3}"));
    Random random = new Random(pattern.hashCode());
    String letters = "aabbc1-_ \nxé,{3}";
    for (int i = 0; i < 3000; i++) {
      StringBuilder text = new StringBuilder();
      int n = random.nextInt(7);
      for (int k = 0; k < n; k++) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      String word = text.toString();
      if (word.endsWith("\n")) {
        // Java lets $ match before a last newline.
        continue;
      }
      boolean fits = java.matcher(word).find();
      assertThat(language.contains(word)).as("%s in %s", word, pattern).isEqualTo(fits);
      assertThat(language.complement().contains(word)).isEqualTo(!fits);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a",
        "a)",
        "[a",
        "*a",
        "a++++++",
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "\\1",
        "a\\b",
        "\\p{L}",
        "a^b",
        "a$b",
        "(a$)",
        "a{3,1}",
        "a{999999}",
        "\\",
        "[z-a]",
        "\\uD800",
        "(?i)a",
        "[[:alpha:]]",
        "(a{20000}){20000}"
      })
  void whatCannotBeUsedIsRefused(String pattern) {
    assertThatThrownBy(() -> RegularLanguage.of(Regex.anywhere(pattern)))
        .isInstanceOf(GrammarException.class);
  }

  @Test
  void explodingPatternsAreRefused() {
    assertThatThrownBy(() -> RegularLanguage.of(Regex.whole("(a|b)*a(a|b){40}")))
        .isInstanceOf(GrammarException.class);
    assertThatThrownBy(() -> Regex.whole("(".repeat(9000) + ")".repeat(9000)))
        .isInstanceOf(GrammarException.class);
  }

  @Test
  void textsWithoutAnother() {
    RegularLanguage language = RegularLanguage.without("abab");
    Random random = new Random(1);
    for (int i = 0; i < 3000; i++) {
      StringBuilder text = new StringBuilder();
      for (int k = random.nextInt(10); k > 0; k--) {
        text.append("abc".charAt(random.nextInt(3)));
      }
      assertThat(language.contains(text.toString())).isEqualTo(text.indexOf("abab") < 0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "5,5",
    "0,9",
    "0,10",
    "7,123",
    "-3,4",
    "-120,-7",
    "-1,0",
    "99,1001",
    "-1000,1000",
    "1,1",
    "95,105",
    "-9,-9"
  })
  void wholeNumbersBetween(int least, int most) {
    RegularLanguage language =
        RegularLanguage.of(
            DecimalRange.integers(BigInteger.valueOf(least), BigInteger.valueOf(most)));
    for (int i = -1300; i <= 1300; i++) {
      assertThat(language.contains(String.valueOf(i)))
          .as("%d", i)
          .isEqualTo(i >= least && i <= most);
    }
    assertThat(language.contains("-0")).isFalse();
    assertThat(language.contains("007")).isFalse();
    RegularLanguage sevens = language.and(RegularLanguage.multiplesOf(7));
    for (int i = -1300; i <= 1300; i++) {
      assertThat(sevens.contains(String.valueOf(i)))
          .isEqualTo(i >= least && i <= most && i % 7 == 0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0,1,false,false", "0,1,true,true", "0.25,0.75,false,true", "-1.5,2.25,true,false",
        "-2,-1,false,false",
    "3,3,false,false", "3,3,true,false", "-0.5,0,true,true", "9.9,10.1,false,false",
        "-10,10,true,true"
  })
  void numbersBetween(BigDecimal least, BigDecimal most, boolean above, boolean below) {
    RegularLanguage language =
        RegularLanguage.of(DecimalRange.numbers(least, above, most, below, -1));
    Random random = new Random(5);
    int inside = 0;
    for (int i = 0; i < 20_000; i++) {
      int scale = random.nextInt(5);
      BigDecimal x =
          BigDecimal.valueOf(random.nextInt(240_000) - 120_000, 4)
              .setScale(scale, RoundingMode.FLOOR);
      boolean fits = x.compareTo(least) >= (above ? 1 : 0) && x.compareTo(most) <= (below ? -1 : 0);
      boolean has = language.contains(x.toPlainString());
      if (has) {
        assertThat(fits).as("%s", x).isTrue();
        inside++;
      } else if (fits && scale >= 3 && x.signum() != 0 && !isBound(x, least, most)) {
        assertThat(has).as("%s", x).isTrue();
      }
    }
    assertThat(inside > 0 || least.compareTo(most) == 0).isTrue();
  }

  /** Bounds are written with no more digits than they have. */
  private static boolean isBound(BigDecimal x, BigDecimal least, BigDecimal most) {
    return x.compareTo(least) == 0 || x.compareTo(most) == 0;
  }
}
