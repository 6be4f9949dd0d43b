package io.hadal.platform.compare;

import io.hadal.platform.rollout.Comparison;
import io.hadal.platform.rollout.Comparison.Side;
import io.hadal.platform.rollout.Observation;
import io.hadal.platform.rollout.Observation.Check;
import org.jspecify.annotations.Nullable;

/** Two answers to one request as figures, which are all that is kept of them. */
public final class Pairs {
  private Pairs() {}

  /**
   * A pair.
   *
   * @param baseline null for no answer
   * @param candidate null for no answer
   */
  public static Comparison of(
      Expectation expected,
      @Nullable AnswerFacts baseline,
      long baselineMillis,
      @Nullable AnswerFacts candidate,
      long candidateMillis) {
    Likeness alike = Likeness.of(baseline, candidate);
    return new Comparison(
        1,
        alike.text() ? 1 : 0,
        alike.finish() ? 1 : 0,
        alike.calls() ? 1 : 0,
        0,
        side(expected, baseline, baselineMillis),
        side(expected, candidate, candidateMillis));
  }

  private static Side side(Expectation expected, @Nullable AnswerFacts answer, long millis) {
    if (answer == null) {
      return new Side(1, 0, millis, 0, 0, 0, 0, 0);
    }
    Check calls = expected.calls(answer);
    Check schema = expected.schema(answer);
    return new Side(
        0,
        answer.outputTokens(),
        millis,
        answer.characters(),
        calls == Check.NONE ? 0 : 1,
        calls == Check.GOOD ? 1 : 0,
        schema == Check.NONE ? 0 : 1,
        schema == Check.GOOD ? 1 : 0);
  }

  /**
   * What guards are told of an answer.
   *
   * @param answer null for one that could not be read, of which only the times are known
   * @param firstTokenMillis -1 when unknown
   * @param tokenMicros -1 when unknown
   */
  public static Observation observation(
      Expectation expected, @Nullable AnswerFacts answer, long firstTokenMillis, long tokenMicros) {
    if (answer == null) {
      return Observation.answered(firstTokenMillis, tokenMicros);
    }
    return new Observation(
        false,
        firstTokenMillis,
        tokenMicros,
        expected.calls(answer),
        expected.schema(answer),
        answer.refused());
  }
}
