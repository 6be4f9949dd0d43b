package io.hadal.model.cache;

/** The cache budget is used up; sessions must be closed, shortened, or the budget raised. */
public final class KvBudgetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  KvBudgetException(long used, long wanted, long budget) {
    super(
        "key-value cache is full: "
            + used
            + " of "
            + budget
            + " bytes in use, "
            + wanted
            + " more needed; close sessions, shorten the context or raise the cache budget");
  }
}
