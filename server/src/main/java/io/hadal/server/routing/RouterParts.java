package io.hadal.server.routing;

import io.hadal.chat.Seal;
import io.hadal.platform.usage.Gate;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * What all requests share.
 *
 * @param clock milliseconds since 1970
 * @param slowReader longest time a client may take to accept a piece
 */
record RouterParts(
    Gate gate,
    Seal seal,
    UpstreamAlerts alerts,
    RoutingMetrics metrics,
    RetryBudget retries,
    Watchdog watchdog,
    LongSupplier clock,
    RandomGenerator random,
    Duration slowReader) {}
