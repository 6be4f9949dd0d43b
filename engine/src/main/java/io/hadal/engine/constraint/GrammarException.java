package io.hadal.engine.constraint;

import org.jspecify.annotations.Nullable;

/** A grammar, regular expression or schema that cannot be used; the message says where and why. */
public final class GrammarException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String pointer;
  private final boolean unsupported;

  public GrammarException(String message) {
    this(null, message);
  }

  /**
   * A failure at a place of a document.
   *
   * @param pointer JSON pointer as a fragment ({@code #/properties/a}); null without one
   */
  public GrammarException(@Nullable String pointer, String message) {
    this(pointer, message, false);
  }

  private GrammarException(@Nullable String pointer, String message, boolean unsupported) {
    super(pointer == null ? message : pointer + ": " + message, null, false, false);
    this.pointer = pointer;
    this.unsupported = unsupported;
  }

  /** What has a meaning that no grammar here can give it. */
  static GrammarException unsupported(String pointer, String message) {
    return new GrammarException(pointer, message, true);
  }

  /** True when the document is right and asks for something that cannot be enforced. */
  public boolean isUnsupported() {
    return unsupported;
  }

  /** Place in the document, null when the failure has none. */
  public @Nullable String pointer() {
    return pointer;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
