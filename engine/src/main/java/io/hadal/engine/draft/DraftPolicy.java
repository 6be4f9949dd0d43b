package io.hadal.engine.draft;

import java.util.Arrays;
import java.util.List;

/**
 * Chooses how many guesses to verify, for all texts of a step together, from what guesses have
 * brought and steps have cost. It changes how fast tokens come, never which.
 */
public final class DraftPolicy {
  /** Memory of what new texts start with. */
  private static final double COMMON_MEMORY = 0.98;

  private static final double FIRST_CHANCE = 0.7;

  /** Confidence below which a guess is not worth a look, as a probability. */
  private static final double THRESHOLD = 0.1;

  /** How much faster a guess must make the step: costs are known about as well as that. */
  private static final double MARGIN = 1.05;

  private final Chances common;
  private final StepCost cost = new StepCost();
  private double askingNanos;

  public DraftPolicy() {
    double[] first = new double[Chances.MOST];
    Arrays.fill(first, FIRST_CHANCE);
    this.common = new Chances(first, FIRST_CHANCE);
  }

  /** Chances for a new text. */
  public Chances chances() {
    return common.copy();
  }

  /**
   * Whether it pays to ask a drafter that costs something.
   *
   * @param texts texts of the step
   */
  public boolean asks(Chances chances, int texts) {
    double token = cost.of(texts) / texts;
    return chances.gain() * (token - cost.each()) > askingNanos || chances.curious();
  }

  /** Learns what asking has cost. */
  public void asked(long nanos) {
    askingNanos = askingNanos == 0 ? nanos : 0.9 * askingNanos + 0.1 * nanos;
  }

  /**
   * Guesses for one text of a step.
   *
   * @param most how many there is room for in its context
   */
  public record Candidate(Guess guess, Chances chances, int most) {}

  /**
   * How many guesses of each to verify. The guess that holds most likely comes first, as long as
   * the tokens it brings are worth the time it adds.
   *
   * @param others texts of the step without guesses
   * @param room most guesses together
   */
  public int[] lengths(List<Candidate> candidates, int others, int room) {
    int texts = candidates.size();
    int[] lengths = new int[texts];
    double[] through = new double[texts];
    for (int i = 0; i < texts; i++) {
      through[i] = next(candidates.get(i), 0, 1);
    }
    int rows = texts + others;
    double tokens = rows;
    for (int left = room; left > 0; left--) {
      int best = 0;
      for (int i = 1; i < texts; i++) {
        best = through[i] > through[best] ? i : best;
      }
      if (texts == 0 || !(through[best] * cost.of(rows) > MARGIN * cost.each() * tokens)) {
        break;
      }
      tokens += through[best];
      rows++;
      lengths[best]++;
      through[best] = next(candidates.get(best), lengths[best], through[best]);
    }
    int used = Arrays.stream(lengths).sum();
    for (int i = 0; i < texts && used < room; i++) {
      if (lengths[i] == 0 && most(candidates.get(i)) > 0 && candidates.get(i).chances.curious()) {
        lengths[i] = 1;
        used++;
      }
    }
    return lengths;
  }

  private static int most(Candidate candidate) {
    return Math.min(Math.min(candidate.most, candidate.guess.tokens().length), Chances.MOST);
  }

  /** Chance that a guess and all before it hold; 0 when it is not to be looked at. */
  private static double next(Candidate candidate, int index, double before) {
    float[] confidence = candidate.guess.confidence();
    if (index >= most(candidate)
        || (confidence != null && index > 0 && sigmoid(confidence[index]) < THRESHOLD)) {
      return 0;
    }
    return before * candidate.chances.chance(index);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /**
   * Learns from the guesses of a text.
   *
   * @param guesses how many were verified
   * @param right how many held, before the first that did not
   */
  public void learn(Chances chances, int guesses, int right) {
    if (guesses > 0) {
      chances.learn(guesses, right);
      common.learn(guesses, right, COMMON_MEMORY);
    }
  }

  /** Learns what a step of this many tokens has cost. */
  public void learn(int rows, long nanos) {
    cost.learn(rows, nanos);
  }
}
