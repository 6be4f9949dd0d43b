package io.hadal.engine.draft;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.engine.draft.DraftPolicy.Candidate;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class DraftPolicyTest {
  private static final Guess EIGHT = new Guess(new int[8], null);

  /** A policy that has seen steps of a fixed part and a part for each token. */
  private static DraftPolicy policy(double fixed, double each) {
    DraftPolicy policy = new DraftPolicy();
    for (int i = 0; i < 200; i++) {
      int rows = 1 + i % 12;
      policy.learn(rows, (long) (1e6 * (fixed + each * rows)));
    }
    return policy;
  }

  private static Chances chances(DraftPolicy policy, int right) {
    Chances chances = policy.chances();
    for (int i = 0; i < 60; i++) {
      chances.learn(8, right);
    }
    return chances;
  }

  @Test
  void guessesThatHoldAreTakenWhereFurtherTokensCostLittle() {
    DraftPolicy policy = policy(10, 0.1);
    assertThat(policy.lengths(List.of(new Candidate(EIGHT, chances(policy, 8), 8)), 0, 100))
        .containsExactly(8);
    assertThat(policy.lengths(List.of(new Candidate(EIGHT, chances(policy, 3), 8)), 0, 100))
        .containsExactly(3);
  }

  @Test
  void noneIsTakenWhereEveryTokenCostsTheSame() {
    DraftPolicy policy = policy(0, 1);
    assertThat(policy.lengths(List.of(new Candidate(EIGHT, chances(policy, 3), 8)), 5, 100))
        .containsExactly(0);
  }

  @Test
  void wrongGuessesAreTriedAgainNowAndThen() {
    DraftPolicy policy = policy(10, 1);
    List<Candidate> wrong = List.of(new Candidate(EIGHT, chances(policy, 0), 8));
    int tried = 0;
    for (int i = 0; i < 200; i++) {
      tried += policy.lengths(wrong, 0, 100)[0];
    }
    assertThat(tried).isBetween(4, 20);
  }

  @Test
  void roomGoesToTheLikeliest() {
    DraftPolicy policy = policy(100, 0.1);
    List<Candidate> two =
        List.of(
            new Candidate(EIGHT, chances(policy, 1), 8),
            new Candidate(EIGHT, chances(policy, 8), 6));
    assertThat(policy.lengths(two, 0, 100)[1]).isEqualTo(6);
    int[] few = policy.lengths(two, 0, 4);
    assertThat(Arrays.stream(few).sum()).isEqualTo(4);
    assertThat(few[1]).isGreaterThanOrEqualTo(3);
  }

  @Test
  void confidenceCutsAGuess() {
    DraftPolicy policy = policy(100, 0.1);
    Guess doubtful = new Guess(new int[4], new float[] {3, 3, -9, 3});
    assertThat(policy.lengths(List.of(new Candidate(doubtful, chances(policy, 8), 8)), 0, 100))
        .containsExactly(2);
  }

  @Test
  void aDrafterThatCostsMoreThanItBringsIsSeldomAsked() {
    DraftPolicy policy = policy(10, 1);
    policy.asked(1_000_000);
    Chances right = chances(policy, 4);
    assertThat(policy.asks(right, 1)).isTrue();
    policy = policy(10, 1);
    policy.asked(100_000_000);
    int asked = 0;
    for (int i = 0; i < 100; i++) {
      asked += policy.asks(right, 1) ? 1 : 0;
    }
    assertThat(asked).isLessThan(10);
  }
}
