package io.hadal.model.engram;

/** Which tokens count as the same. */
public enum CanonicalRule {
  /** P0, the released one: compatibility forms, accents, case and white space fall together. */
  RELEASED,
  /** P1: only composed and decomposed forms and one leading space fall together. */
  CASE_KEPT,
  /**
   * P2: as P1, and blanks around a token, line breaks by their number (up to two) and all numbers
   * fall together.
   */
  STRUCTURE_KEPT
}
