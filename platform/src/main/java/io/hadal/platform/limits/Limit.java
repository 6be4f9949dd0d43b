package io.hadal.platform.limits;

import org.jspecify.annotations.Nullable;

/**
 * A limit as it is set.
 *
 * @param org organisation it belongs to; null for all
 * @param scopeId whom it is for, or {@code *} for each one by itself
 * @param model pattern with * over aliases and versions; null for all
 * @param amount requests or tokens of the dimension's time
 * @param burst most at once, for a minute's dimensions; 0 for a tenth of the requests, all of the
 *     tokens
 * @param cachePermille how much of a cached input token counts, in thousandths
 * @param createdAt milliseconds since 1970
 * @param createdBy name of who set it
 */
public record Limit(
    String id,
    @Nullable String org,
    LimitScope scope,
    String scopeId,
    @Nullable String model,
    Dimension dimension,
    long amount,
    long burst,
    int cachePermille,
    long createdAt,
    String createdBy) {
  /** Largest amount of tokens. */
  public static final long MOST_TOKENS = 1_000_000_000_000L;

  /** Largest amount of requests. */
  public static final long MOST_REQUESTS = 100_000_000L;

  /** Largest amount of a dimension. */
  public static long most(Dimension dimension) {
    return dimension.kind() == Dimension.Kind.TOKENS ? MOST_TOKENS : MOST_REQUESTS;
  }

  /** Most at once. */
  public long effectiveBurst() {
    if (burst > 0) {
      return burst;
    }
    return dimension == Dimension.RPM ? Math.max(1, amount / 10) : amount;
  }

  /** The same with other numbers. */
  public Limit with(long newAmount, long newBurst, int newCachePermille) {
    return new Limit(
        id,
        org,
        scope,
        scopeId,
        model,
        dimension,
        newAmount,
        newBurst,
        newCachePermille,
        createdAt,
        createdBy);
  }
}
