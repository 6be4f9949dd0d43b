package io.hadal.server;

import java.time.Duration;

/**
 * How answers to requests with an {@code idempotency-key} are kept.
 *
 * @param retention time after which a key may be used again
 * @param keys most keys that are known at a time
 * @param memoryBytes most bytes of kept answers; 0 keeps none, so that repetitions are refused
 */
public record IdempotencyLimits(Duration retention, int keys, long memoryBytes) {
  /** 24 hours, 10,000 keys, 64 MiB. */
  public static final IdempotencyLimits DEFAULT =
      new IdempotencyLimits(Duration.ofHours(24), 10_000, 64L << 20);

  /** One answer takes at most this part of the memory. */
  private static final int PARTS = 16;

  public IdempotencyLimits {
    if (retention.isNegative() || keys < 1 || memoryBytes < 0) {
      throw new IllegalArgumentException("limits of idempotency keys must be positive");
    }
  }

  /** Longest answer that is kept. */
  int answerBytes() {
    return (int) Math.min(Integer.MAX_VALUE / 2, memoryBytes / PARTS);
  }
}
