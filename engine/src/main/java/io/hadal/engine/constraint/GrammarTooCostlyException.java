package io.hadal.engine.constraint;

/** What may follow a text cannot be found out in reasonable time: the grammar is too ambiguous. */
public final class GrammarTooCostlyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  GrammarTooCostlyException() {
    super("the grammar is too ambiguous to be followed", null, false, false);
  }
}
