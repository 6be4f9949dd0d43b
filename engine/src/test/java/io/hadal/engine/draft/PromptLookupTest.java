package io.hadal.engine.draft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PromptLookupTest {
  @Test
  void goesOnAsBehindTheLongestAgreement() {
    // Behind 2 3 4 come 9 and 8; behind 1 2 3 4 comes 9 alone.
    PromptLookup lookup = new PromptLookup(new int[] {1, 2, 3, 4, 9, 5, 2, 3, 4, 8, 6, 1, 2, 3});
    assertThat(lookup.guess(4).tokens()).containsExactly(4, 9, 5, 2);
    lookup.add(4);
    assertThat(lookup.guess(2).tokens()).containsExactly(9, 5);
    lookup.add(8);
    assertThat(lookup.guess(2).tokens()).containsExactly(6, 1);
    lookup.add(7);
    assertThat(lookup.guess(2).tokens()).isEmpty();
  }

  @Test
  void theLatestOfEqualPlacesCounts() {
    PromptLookup lookup = new PromptLookup(new int[] {1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3});
    assertThat(lookup.guess(1).tokens()).containsExactly(5);
  }

  @Test
  void shortTextsGiveNothing() {
    PromptLookup lookup = new PromptLookup(new int[0]);
    for (int i = 0; i < 3; i++) {
      assertThat(lookup.guess(5)).isSameAs(Guess.NONE);
      lookup.add(1);
    }
    lookup.add(1);
    assertThat(lookup.guess(5).tokens()).containsExactly(1);
  }

  /** Against a search through the whole text. */
  @Test
  void findsAnAgreementWheneverThereIsOne() {
    SplittableRandom random = new SplittableRandom(3);
    int[] text = random.ints(3000, 0, 9).toArray();
    PromptLookup lookup = new PromptLookup(Arrays.copyOf(text, 100));
    for (int length = 100; length < text.length; length++) {
      Guess guess = lookup.guess(1);
      boolean found = false;
      for (int end = 3; end < length && !found; end++) {
        found = Arrays.equals(text, end - 3, end, text, length - 3, length);
      }
      assertThat(guess.tokens()).hasSize(found ? 1 : 0);
      lookup.add(text[length]);
    }
  }
}
