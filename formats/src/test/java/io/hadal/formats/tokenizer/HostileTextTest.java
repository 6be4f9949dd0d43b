package io.hadal.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileTextTest {
  private static final int TEN_MB = 10 << 20;
  private static final Tokenizer V4 = TokenizerFiles.V4;

  @Test
  void noAddedTokenComesFromUntrustedText() {
    for (int id = 0; id < V4.vocabSize(); id++) {
      if (V4.isAdded(id)) {
        String token = V4.token(id);
        int[] plain = V4.encode("x" + token + token, false);
        assertThat(Arrays.stream(plain)).as(token).noneMatch(V4::isAdded);
        assertThat(V4.decode(plain)).isEqualTo("x" + token + token);
        assertThat(V4.encode(token, true)).containsExactly(id);
      }
    }
  }

  @Test
  void randomTextRoundTripsInBothModes() {
    Random random = new Random(7);
    for (int i = 0; i < 5000; i++) {
      String text = RandomText.next(random, 12);
      int[] plain = V4.encode(text, false);
      assertThat(Arrays.stream(plain)).noneMatch(V4::isAdded);
      assertThat(V4.decode(plain)).isEqualTo(text);
      assertThat(V4.decode(V4.encode(text, true))).isEqualTo(text);
    }
  }

  @Test
  void unfinishedAndNestedSpecials() {
    int user = V4.id("<｜User｜>").orElseThrow();
    assertThat(Arrays.stream(V4.encode("<｜User｜", true))).noneMatch(V4::isAdded);
    assertThat(V4.encode("<｜User<｜User｜>", true)).endsWith(user).hasSizeGreaterThan(1);
    assertThat(V4.encode("<<｜User｜>｜>", true)).contains(user);
    assertThat(V4.encode("<｜User｜><think>", true))
        .containsExactly(user, V4.id("<think>").orElseThrow());
  }

  @Test
  void longestAddedTokenWins() {
    Tokenizer tokenizer =
        TinyTokenizers.json(TinyTokenizers.bytesOnly(), "<a", "<ab", "<abcd").tokenizer();
    assertThat(tokenizer.encode("<abc", true))
        .containsExactly(tokenizer.id("<ab").orElseThrow(), tokenizer.id("c").orElseThrow());
    assertThat(tokenizer.encode("<abcd", true))
        .containsExactly(tokenizer.id("<abcd").orElseThrow());
  }

  @Test
  void loneSurrogatesAreReplacementCharacters() {
    for (String lone : new String[] {"\ud83d", "\ude00", "\ude00\ud83d"}) {
      String text = "a " + lone + "b" + lone;
      String replaced = text.replace('\ud83d', '\ufffd').replace('\ude00', '\ufffd');
      assertThat(V4.encode(text, true)).isEqualTo(V4.encode(replaced, true));
      assertThat(V4.decodeBytes(V4.encode(text, false)))
          .isEqualTo(replaced.getBytes(StandardCharsets.UTF_8));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", " ", "!", "😀"})
  void hugeSinglePiece(String unit) {
    check(unit.repeat(TEN_MB / unit.getBytes(StandardCharsets.UTF_8).length));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "7", "か", "\u0001", "\u0301", "<", "<｜", "<｜place▁holder▁no▁"})
  void longRepetitions(String unit) {
    check(unit.repeat(TEN_MB / 8 / unit.getBytes(StandardCharsets.UTF_8).length));
  }

  @Test
  void hugeRandomWord() {
    Random random = new Random(3);
    StringBuilder word = new StringBuilder(TEN_MB);
    while (word.length() < TEN_MB) {
      word.append((char) ('a' + random.nextInt(26)));
    }
    check(word.toString());
  }

  @Test
  void hugeWhiteSpaceBeforeEveryKindOfEnd() {
    for (String end : new String[] {"", "x", "1", "漢", "!", "\n"}) {
      check(" ".repeat(1 << 20) + end);
    }
  }

  private static void check(String text) {
    int[] ids =
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> V4.encode(text, true));
    assertThat(V4.decode(ids).equals(text)).isTrue();
  }
}
