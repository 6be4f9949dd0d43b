package io.hadal.engine.constraint;

import java.util.BitSet;

/**
 * What one text may go on with: the state of a grammar behind the tokens accepted so far. Used by
 * one thread at a time.
 */
public interface TokenConstraint {

  /**
   * Tokens that may come next. It may be empty only when the text {@link #mayEnd}. Stop tokens are
   * not among them.
   *
   * @return a set that may be shared: not to be changed
   */
  BitSet allowed();

  /**
   * Takes a token in.
   *
   * @throws IllegalArgumentException when it is not {@linkplain #allowed allowed}
   */
  void accept(int token);

  /** True when the text is complete as it stands; a stop token may follow then. */
  boolean mayEnd();

  /** True when nothing may follow but the end. */
  default boolean finished() {
    return mayEnd() && allowed().isEmpty();
  }

  /** An independent copy of this state. */
  TokenConstraint fork();
}
