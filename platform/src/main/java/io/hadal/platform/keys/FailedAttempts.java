package io.hadal.platform.keys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.hadal.platform.Refusal;
import java.time.Clock;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Counts attempts that failed by the address they came from: a bucket that some fill and time
 * empties. IPv6 counts by /64, which is what one household has.
 */
public final class FailedAttempts {
  private static final int MOST_ADDRESSES = 100_000;

  private final Clock clock;
  private final int most;
  private final long forgetMillis;
  private final Cache<String, Bucket> buckets;

  /**
   * @param level failures in the bucket at {@code at}
   */
  private record Bucket(double level, long at) {}

  /**
   * @param most failures at once
   * @param forgetMillis milliseconds after which one is forgotten
   */
  public FailedAttempts(Clock clock, int most, long forgetMillis) {
    this.clock = clock;
    this.most = most;
    this.forgetMillis = forgetMillis;
    this.buckets = Caffeine.newBuilder().maximumSize(MOST_ADDRESSES).build();
  }

  /**
   * Passes when an address may try.
   *
   * @throws Refusal when it has failed too often
   */
  public void check(String address) {
    Bucket bucket = buckets.getIfPresent(name(address));
    if (bucket != null) {
      double level = now(bucket);
      if (level > most - 1) {
        long wait = Math.max(1000, (long) Math.ceil((level - (most - 1)) * forgetMillis));
        throw new Refusal(
            Refusal.Reason.RATE_LIMIT,
            "Too many failed attempts from this address. Please try again in "
                + (wait + 999) / 1000
                + "s.",
            wait,
            null);
      }
    }
  }

  /** Counts a failure. */
  public void failed(String address) {
    buckets
        .asMap()
        .compute(
            name(address),
            (name, bucket) ->
                new Bucket(Math.min(most, (bucket == null ? 0 : now(bucket)) + 1), clock.millis()));
  }

  /** Takes one failure back, for what was counted before it was tried. */
  public void succeeded(String address) {
    buckets
        .asMap()
        .computeIfPresent(
            name(address),
            (name, bucket) -> new Bucket(Math.max(0, now(bucket) - 1), clock.millis()));
  }

  private double now(Bucket bucket) {
    long passed = Math.max(0, clock.millis() - bucket.at);
    return Math.max(0, bucket.level - (double) passed / forgetMillis);
  }

  private static String name(String address) {
    byte[] bytes = AddressRange.address(address);
    if (bytes == null) {
      return "?";
    }
    return HexFormat.of().formatHex(bytes.length == 4 ? bytes : Arrays.copyOf(bytes, 8));
  }
}
