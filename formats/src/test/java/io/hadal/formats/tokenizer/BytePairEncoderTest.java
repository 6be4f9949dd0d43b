package io.hadal.formats.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BytePairEncoderTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void equalsTheDefinition(boolean ordered) {
    Random random = new Random(11);
    for (int round = 0; round < 15; round++) {
      TinyTokenizers.Rules rules = TinyTokenizers.random(random, 1 + random.nextInt(60), ordered);
      Tokenizer tokenizer = TinyTokenizers.json(rules).tokenizer();
      for (int length : new int[] {1, 2, 7, 31, 32, 33, 127, 128, 129, 130, 700}) {
        String word = word(random, length);
        assertThat(tokens(tokenizer, word)).as(word).isEqualTo(byDefinition(word, rules));
      }
    }
  }

  /** The two ways to merge a long piece agree where both apply. */
  @Test
  void hugePiecesMergeAlikeInBothWays() {
    Random random = new Random(12);
    for (int round = 0; round < 5; round++) {
      LongIntTable ranks = new LongIntTable(100);
      List<int[]> made = new ArrayList<>();
      int ids = 3;
      while (made.size() < 100) {
        int left = random.nextInt(ids);
        int right = random.nextInt(ids);
        if (ranks.putIfAbsent(MergeTable.pair(left, right), made.size()) == LongIntTable.ABSENT) {
          made.add(new int[] {ids++});
        }
      }
      int[] merged = made.stream().mapToInt(m -> m[0]).toArray();
      int[] bytes = random.ints(100_000, 0, 3).toArray();
      int[] byRank = merge(bytes, new MergeTable(ranks, merged, true));
      int[] byQueue = merge(bytes, new MergeTable(ranks, merged, false));
      assertThat(byRank).isEqualTo(byQueue).hasSizeLessThan(bytes.length);
    }
  }

  @Test
  void ignoreMergesTakesWholePieces() {
    TinyTokenizers.Rules rules = TinyTokenizers.bytesOnly();
    rules.vocabulary().add("abc");
    TinyTokenizers.TokenizerFile file = TinyTokenizers.json(rules);
    assertThat(tokens(file.tokenizer(), "abc")).containsExactly("a", "b", "c");
    file.model().put("ignore_merges", true);
    assertThat(tokens(file.tokenizer(), "abc")).containsExactly("abc");
    assertThat(tokens(file.tokenizer(), "abcc")).containsExactly("a", "b", "c", "c");
  }

  private static int[] merge(int[] bytes, MergeTable rules) {
    TokenBuffer out = new TokenBuffer(16);
    new LongPiece(bytes.clone(), rules).merge(out);
    return out.tail(0);
  }

  private static List<String> byDefinition(String word, TinyTokenizers.Rules rules) {
    List<String> tokens = new ArrayList<>();
    word.chars().forEach(c -> tokens.add(String.valueOf((char) c)));
    while (true) {
      int at = -1;
      search:
      for (String[] merge : rules.merges()) {
        for (int i = 0; i + 1 < tokens.size(); i++) {
          if (tokens.get(i).equals(merge[0]) && tokens.get(i + 1).equals(merge[1])) {
            at = i;
            break search;
          }
        }
      }
      if (at < 0) {
        return tokens;
      }
      tokens.set(at, tokens.get(at) + tokens.remove(at + 1));
    }
  }

  private static List<String> tokens(Tokenizer tokenizer, String word) {
    List<String> tokens = new ArrayList<>();
    for (int id : tokenizer.encode(word, true)) {
      tokens.add(tokenizer.token(id));
    }
    return tokens;
  }

  private static String word(Random random, int length) {
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < length; i++) {
      word.append((char) ('a' + random.nextInt(3)));
    }
    return word.toString();
  }
}
