package io.hadal.train.evaluation;

import io.hadal.train.corpus.Document;

/**
 * A place of a held-out file whose text is to be written again.
 *
 * @param start first char that is taken out
 * @param end behind the last
 */
public record CompletionCase(Kind kind, Document file, int start, int end) {
  /** What is taken out. */
  public enum Kind {
    /** A line of code, and everything behind it: the next line from what stands before. */
    LINE,
    /** Part of a line, with the text behind it as context. */
    HOLE,
    /** The body of a method, with the text behind it as context. */
    METHOD
  }

  /** What stands before the place. */
  public String prefix() {
    return file.text().substring(0, start);
  }

  /** What was taken out. */
  public String expected() {
    return file.text().substring(start, end);
  }

  /** What stands behind the place. */
  public String suffix() {
    return file.text().substring(end);
  }
}
