package io.hadal.platform.reports;

/**
 * Something an upstream's file and the usage events do not agree on.
 *
 * @param where id of the request, or hour and model
 * @param here what the events say
 * @param there what the file says
 */
public record Difference(Kind kind, String where, String here, String there) {
  /** What differs. */
  public enum Kind {
    /** The file has a request that there is no event for. */
    MISSING_HERE,
    /** There is an event that the file does not have. */
    MISSING_THERE,
    /** Counts of tokens. */
    TOKENS,
    /** Cost. */
    COST
  }
}
