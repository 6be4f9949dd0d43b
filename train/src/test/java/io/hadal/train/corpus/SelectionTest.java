package io.hadal.train.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SelectionTest {
  private static String words(SplittableRandom random, int n) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < n; i++) {
      text.append("word").append(random.nextInt(5000)).append(i % 12 == 11 ? '\n' : ' ');
    }
    return text.toString();
  }

  private static double jaccard(String a, String b) {
    Set<Long> first = shingles(a);
    Set<Long> second = shingles(b);
    Set<Long> both = new HashSet<>(first);
    both.retainAll(second);
    return (double) both.size() / (first.size() + second.size() - both.size());
  }

  private static Set<Long> shingles(String text) {
    Set<Long> set = new HashSet<>();
    for (long gram : WordHashes.withSigns(text).grams(5)) {
      set.add(gram);
    }
    return set;
  }

  @Test
  void signaturesEstimateTheJaccardSimilarity() {
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 30; round++) {
      String common = words(random, 40 * round);
      String a = common + words(random, 300);
      String b = common + words(random, 300);
      assertThat(MinHash.similarity(MinHash.signature(a), MinHash.signature(b)))
          .isCloseTo(jaccard(a, b), within(0.17));
    }
  }

  @Test
  void nearDuplicatesAreFoundAndOthersAreNot() {
    SplittableRandom random = new SplittableRandom(4);
    NearDuplicates duplicates = new NearDuplicates(0.8);
    int missed = 0;
    for (int round = 0; round < 100; round++) {
      String text = words(random, 400);
      assertThat(duplicates.add(MinHash.signature(text))).isTrue();
      assertThat(duplicates.add(MinHash.signature(text.replace(' ', '\t')))).isFalse();
      String edited = text.replaceFirst("word", "other") + words(random, 8);
      missed += duplicates.add(MinHash.signature(edited)) ? 1 : 0;
      String half = text.substring(0, text.length() / 2) + words(random, 200);
      assertThat(duplicates.add(MinHash.signature(half))).isTrue();
    }
    assertThat(missed).isZero();
  }

  @Test
  void textsWithoutWordsAreAlike() {
    NearDuplicates duplicates = new NearDuplicates(0.8);
    assertThat(duplicates.add(MinHash.signature(""))).isTrue();
    assertThat(duplicates.add(MinHash.signature(" \n"))).isFalse();
    assertThat(duplicates.add(MinHash.signature("x"))).isTrue();
  }

  @Test
  void thirteenSharedWordsAreContamination() {
    HeldOutGrams grams = new HeldOutGrams();
    String held = "a b c d e f g h i j k l m n o p";
    grams.add(held, HeldOutGrams.TEST);
    assertThat(grams.size()).isEqualTo(4);
    int[] hits = grams.hits("x {a.b(c, d)\n e+f; g h i j k l m} y");
    assertThat(hits).hasSize(1);
    grams.count(hits);
    assertThat(grams.contaminated(hits, HeldOutGrams.TEST)).isTrue();
    assertThat(grams.contaminated(hits, HeldOutGrams.VALID)).isFalse();
    assertThat(grams.hits("a b c d e f g h i j k l x m n o p")).isEmpty();
    assertThat(grams.hits("a b c")).isEmpty();
  }

  @Test
  void phrasesOfManyDocumentsAreNoContamination() {
    HeldOutGrams grams = new HeldOutGrams();
    grams.add("a b c d e f g h i j k l m", HeldOutGrams.VALID);
    int[] hits = grams.hits("a b c d e f g h i j k l m");
    for (int n = 1; n < HeldOutGrams.COMMON; n++) {
      grams.count(hits);
      assertThat(grams.contaminated(hits, HeldOutGrams.VALID)).isTrue();
    }
    grams.count(hits);
    assertThat(grams.contaminated(hits, HeldOutGrams.VALID)).isFalse();
  }

  @Test
  void importsAreNoText() {
    HeldOutGrams grams = new HeldOutGrams();
    String imports =
        "package a.b.c;\nimport java.util.List;\nimport java.util.Map;\n"
            + "import static java.util.Objects.requireNonNull;\nfrom os.path import join, split\n";
    grams.add(imports, HeldOutGrams.TEST);
    assertThat(grams.size()).isZero();
  }

  @Test
  void tableGrowsWithoutLosingRuns() {
    SplittableRandom random = new SplittableRandom(6);
    HeldOutGrams grams = new HeldOutGrams();
    List<String> texts = IntStream.range(0, 100).mapToObj(_ -> words(random, 1000)).toList();
    texts.forEach(text -> grams.add(text, HeldOutGrams.TEST));
    for (String text : texts) {
      assertThat(grams.hits(text)).hasSize(1000 - 12);
    }
  }
}
