package io.hadal.engine;

/** The rules of an answer leave no token that could come next, and do not let it end either. */
public final class NothingAllowedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** Without further detail. */
  public NothingAllowedException() {
    super("the constraint of the answer allows no token here and no end");
  }
}
