package io.hadal.server;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What requests may take.
 *
 * @param bodyBytes longest body, unpacked
 * @param requestTime longest time of a request; null for none
 * @param keepAlive silence after which a stream shows that it lives
 * @param slowReader longest time a client may take to accept one event
 * @param drain time running requests get when the server goes down
 * @param idempotency how answers are kept for repeated requests
 */
public record ServerLimits(
    long bodyBytes,
    @Nullable Duration requestTime,
    Duration keepAlive,
    Duration slowReader,
    Duration drain,
    IdempotencyLimits idempotency) {
  /** 48 MiB, no time limit, 10 s, 60 s, 120 s. */
  public static final ServerLimits DEFAULT =
      new ServerLimits(
          48L << 20, null, Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(120));

  /** The usual limits for repeated requests. */
  public ServerLimits(
      long bodyBytes,
      @Nullable Duration requestTime,
      Duration keepAlive,
      Duration slowReader,
      Duration drain) {
    this(bodyBytes, requestTime, keepAlive, slowReader, drain, IdempotencyLimits.DEFAULT);
  }
}
