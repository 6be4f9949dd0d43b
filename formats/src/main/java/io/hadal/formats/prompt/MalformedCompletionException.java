package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;

/** A completion breaks the grammar of its dialect. */
public final class MalformedCompletionException extends FormatException {
  private static final long serialVersionUID = 1L;

  private final int offset;

  MalformedCompletionException(int offset, String message) {
    super("completion", message + " at character " + offset);
    this.offset = offset;
  }

  /** Where the problem was found, in UTF-16 units from the start of the completion. */
  public int offset() {
    return offset;
  }
}
