package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RepetitionTest {
  private final Repetition repetition = new Repetition((id, logits) -> true);

  /** Number of tokens until it stops; all of them when it does not. */
  private int write(int... ids) {
    for (int i = 0; i < ids.length; i++) {
      if (!repetition.onToken(ids[i], new float[0])) {
        return i + 1;
      }
    }
    return ids.length;
  }

  private static int[] circles(int head, int period, int tokens) {
    int[] ids = new int[head + tokens];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i < head ? 1000 + i : (i - head) % period;
    }
    return ids;
  }

  @Test
  void circlesEndBehindTheFirst() {
    assertThat(write(circles(5, 1, 100))).isEqualTo(5 + 24);
    assertThat(repetition.surplus()).isEqualTo(23);
  }

  @Test
  void longCirclesGoRoundThreeTimes() {
    assertThat(write(circles(70, 30, 200))).isEqualTo(70 + 90);
    assertThat(repetition.surplus()).isEqualTo(60);
  }

  @Test
  void whatIsRepeatedTwiceStays() {
    int[] ids = circles(3, 20, 59);
    assertThat(write(ids)).isEqualTo(ids.length);
    assertThat(repetition.surplus()).isZero();
  }

  @Test
  void theListenerBehindItMayStop() {
    assertThat(new Repetition((id, logits) -> false).onToken(1, new float[0])).isFalse();
  }
}
