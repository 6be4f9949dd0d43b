package io.hadal.platform.probe;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How well a backend serves a version at one moment.
 *
 * @param calls requests for a call of a tool
 * @param validCalls calls whose arguments follow the schema
 * @param questions questions with one right answer
 * @param exactAnswers right ones
 * @param logprobDistance mean difference of the logarithms of probabilities of the same tokens to
 *     those of the reference; null without a reference or common tokens
 * @param failures requests without an answer
 */
public record QualitySample(
    String version,
    String backend,
    Instant sampledAt,
    int calls,
    int validCalls,
    int questions,
    int exactAnswers,
    @Nullable Double logprobDistance,
    int failures) {
  /** Part of the requests for a call that were answered with a valid one. */
  public double validShare() {
    return calls == 0 ? 0 : (double) validCalls / calls;
  }

  /** Part of the questions that were answered right. */
  public double exactShare() {
    return questions == 0 ? 0 : (double) exactAnswers / questions;
  }
}
