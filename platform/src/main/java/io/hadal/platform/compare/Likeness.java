package io.hadal.platform.compare;

import org.jspecify.annotations.Nullable;

/**
 * In what two answers are alike.
 *
 * @param text whether they say the same
 * @param finish whether they end for the same reason
 * @param calls whether they call the same tools with the same arguments, or both none
 */
record Likeness(boolean text, boolean finish, boolean calls) {
  /** Compares answers; one that is missing is like no other. */
  static Likeness of(@Nullable AnswerFacts a, @Nullable AnswerFacts b) {
    return a == null || b == null
        ? new Likeness(false, false, false)
        : new Likeness(
            a.text().equals(b.text()),
            String.valueOf(a.finish()).equals(b.finish()),
            Expectation.sameCalls(a, b));
  }
}
