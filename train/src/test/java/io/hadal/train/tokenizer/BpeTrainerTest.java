package io.hadal.train.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.tokenizer.PreTokenizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BpeTrainerTest {
  private static List<BpeTrainer.Merge> train(String text, int merges, int maxTokenBytes) {
    WordCounts counts = new WordCounts(PreTokenizer.deepSeekV3());
    counts.add(text);
    return BpeTrainer.train(counts, merges, maxTokenBytes, _ -> {});
  }

  /** Counts all pairs anew before every merge. */
  private static List<BpeTrainer.Merge> naive(String text, int merges, int maxTokenBytes) {
    WordCounts words = new WordCounts(PreTokenizer.deepSeekV3());
    words.add(text);
    List<List<Integer>> symbols = new ArrayList<>();
    List<Long> counts = new ArrayList<>();
    words.forEach(
        (utf8, count) -> {
          List<Integer> word = new ArrayList<>();
          for (byte b : utf8) {
            word.add(b & 0xFF);
          }
          symbols.add(word);
          counts.add(count);
        });
    Map<Integer, Integer> lengths = new HashMap<>();
    List<BpeTrainer.Merge> result = new ArrayList<>();
    while (result.size() < merges) {
      Map<BpeTrainer.Merge, Long> pairs = new HashMap<>();
      for (int w = 0; w < symbols.size(); w++) {
        List<Integer> word = symbols.get(w);
        for (int i = 0; i + 1 < word.size(); i++) {
          int length = lengths.getOrDefault(word.get(i), 1);
          if (length + lengths.getOrDefault(word.get(i + 1), 1) <= maxTokenBytes) {
            pairs.merge(
                new BpeTrainer.Merge(word.get(i), word.get(i + 1)), counts.get(w), Long::sum);
          }
        }
      }
      BpeTrainer.Merge best = null;
      for (Map.Entry<BpeTrainer.Merge, Long> entry : pairs.entrySet()) {
        if (entry.getValue() >= 2
            && (best == null || before(entry, best, pairs.getOrDefault(best, 0L)))) {
          best = entry.getKey();
        }
      }
      if (best == null) {
        break;
      }
      int symbol = 256 + result.size();
      lengths.put(
          symbol, lengths.getOrDefault(best.left(), 1) + lengths.getOrDefault(best.right(), 1));
      result.add(best);
      for (int w = 0; w < symbols.size(); w++) {
        List<Integer> merged = new ArrayList<>();
        List<Integer> word = symbols.get(w);
        for (int i = 0; i < word.size(); i++) {
          if (i + 1 < word.size()
              && word.get(i) == best.left()
              && word.get(i + 1) == best.right()) {
            merged.add(symbol);
            i++;
          } else {
            merged.add(word.get(i));
          }
        }
        symbols.set(w, merged);
      }
    }
    return result;
  }

  private static boolean before(
      Map.Entry<BpeTrainer.Merge, Long> entry, BpeTrainer.Merge other, long count) {
    BpeTrainer.Merge merge = entry.getKey();
    if (entry.getValue() != count) {
      return entry.getValue() > count;
    }
    return merge.left() != other.left()
        ? merge.left() < other.left()
        : merge.right() < other.right();
  }

  @Test
  void textbookExample() {
    // Pieces: low ×5, lower ×2, newest ×6, widest ×3, each with its space.
    String text = " low".repeat(5) + " lower".repeat(2) + " newest".repeat(6) + " widest".repeat(3);
    List<BpeTrainer.Merge> merges = train(text, 4, 32);
    assertThat(merges)
        .containsExactly(
            new BpeTrainer.Merge('e', 's'), // 9 times, as often as "st"; e comes before s
            new BpeTrainer.Merge(256, 't'),
            new BpeTrainer.Merge(' ', 'l'), // 7, as often as "lo" and "ow"
            new BpeTrainer.Merge('o', 'w'));
  }

  @Test
  void runsOfOneByteMergeFromTheLeft() {
    for (String text : new String[] {"aaaaa aaa aa", "aaaaaaa", "abababab aba", "ааа ааа"}) {
      assertThat(train(text, 20, 32)).as(text).isEqualTo(naive(text, 20, 32));
    }
  }

  @Test
  void agreesWithTheNaiveTrainer() {
    SplittableRandom random = new SplittableRandom(5);
    String[] alphabets = {"ab", "abc ", "aAb_ 1\n", "xyü€😀 \t", "{}();\n int foo"};
    for (int round = 0; round < 120; round++) {
      String alphabet = alphabets[round % alphabets.length];
      int[] points = alphabet.codePoints().toArray();
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(1, 400);
      for (int i = 0; i < length; i++) {
        text.appendCodePoint(points[random.nextInt(points.length)]);
      }
      int max = random.nextInt(2, 12);
      assertThat(train(text.toString(), 60, max))
          .as("round %d, at most %d bytes: %s", round, max, text)
          .isEqualTo(naive(text.toString(), 60, max));
    }
  }

  @Test
  void stopsWhenNoPairOccursTwice() {
    assertThat(train("abc", 10, 32)).isEmpty();
    assertThat(train("", 10, 32)).isEmpty();
  }

  @Test
  void loneSurrogateCountsAsReplacementCharacter() {
    List<byte[]> pieces = new ArrayList<>();
    WordCounts counts = new WordCounts(PreTokenizer.deepSeekV3());
    counts.add("\uD800");
    counts.forEach((utf8, count) -> pieces.add(utf8));
    assertThat(pieces).containsExactly(new byte[] {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD});
  }
}
