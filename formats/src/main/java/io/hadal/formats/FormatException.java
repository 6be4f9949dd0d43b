package io.hadal.formats;

import org.jspecify.annotations.Nullable;

/**
 * A file or text breaks its format. The message names the source, the field and, where one exists,
 * the remedy.
 */
public class FormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public FormatException(String source, String message) {
    this(source, message, null);
  }

  public FormatException(String source, String message, @Nullable Throwable cause) {
    super(source + ": " + message, cause);
  }
}
