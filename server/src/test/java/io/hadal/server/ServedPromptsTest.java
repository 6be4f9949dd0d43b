package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.cluster.BlockDigest;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ServedPromptsTest {
  private static long[] prompt(int session, int blocks) {
    long[] hashes = new long[blocks];
    for (int i = 0; i < blocks; i++) {
      hashes[i] = (session * 1_000_003L + i) * 0x9E3779B97F4A7C15L;
    }
    return hashes;
  }

  @Test
  void whatWasComputedAnewShowsWhatIsGone() {
    ServedPrompts prompts = new ServedPrompts();
    assertThat(Objects.requireNonNull(prompts.news()).isEmpty()).isTrue();
    assertThat(prompts.news()).isNull();
    for (int session = 0; session < 4; session++) {
      prompts.add(prompt(session, 3), 100, 0);
    }
    BlockDigest digest = Objects.requireNonNull(prompts.news());
    assertThat(digest.depth(prompt(0, 3))).isEqualTo(3);
    assertThat(digest.depth(prompt(4, 3))).isZero();

    prompts.add(prompt(0, 4), 130, 90);
    assertThat(Objects.requireNonNull(prompts.news()).depth(prompt(0, 4))).isEqualTo(4);
    // Session 2 should have been there and was not: so is 1, which was used before it.
    prompts.add(prompt(2, 4), 130, 0);
    digest = Objects.requireNonNull(prompts.news());
    assertThat(digest.depth(prompt(0, 4))).as("used later").isEqualTo(4);
    assertThat(digest.depth(prompt(1, 3))).as("gone").isZero();
    assertThat(digest.depth(prompt(2, 4))).as("there again").isEqualTo(4);
    assertThat(digest.depth(prompt(3, 3))).as("used later").isEqualTo(3);
    prompts.add(prompt(3, 3), 100, 80);
    assertThat(prompts.news()).as("nothing new").isNull();
    for (int session = 10; session < 6000; session++) {
      prompts.add(prompt(session, 3), 100, 0);
    }
    digest = Objects.requireNonNull(prompts.news());
    assertThat(digest.depth(prompt(5999, 3))).isEqualTo(3);
    assertThat(digest.holds(prompt(0, 1)[0]) && digest.holds(prompt(0, 2)[1])).isFalse();
  }
}
