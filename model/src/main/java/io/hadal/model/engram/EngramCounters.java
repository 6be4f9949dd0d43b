package io.hadal.model.engram;

/**
 * Lookups of one table or several.
 *
 * @param requests calls of {@link EngramTable#begin}
 * @param rows rows asked for
 * @param hits distinct rows of a request that were in the cache; of a mapped table all rows
 * @param misses distinct rows of a request that were read from the file
 * @param bytesRead bytes read from the file
 * @param waitNanos time that readers waited for rows
 */
public record EngramCounters(
    long requests, long rows, long hits, long misses, long bytesRead, long waitNanos) {
  public static final EngramCounters NONE = new EngramCounters(0, 0, 0, 0, 0, 0);

  public EngramCounters plus(EngramCounters other) {
    return new EngramCounters(
        requests + other.requests,
        rows + other.rows,
        hits + other.hits,
        misses + other.misses,
        bytesRead + other.bytesRead,
        waitNanos + other.waitNanos);
  }

  /** Counts since an earlier snapshot. */
  public EngramCounters minus(EngramCounters earlier) {
    return new EngramCounters(
        requests - earlier.requests,
        rows - earlier.rows,
        hits - earlier.hits,
        misses - earlier.misses,
        bytesRead - earlier.bytesRead,
        waitNanos - earlier.waitNanos);
  }
}
