package io.hadal.server.routing;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.hadal.platform.usage.Quantities;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** A model at an upstream: its circuit breaker and what was measured of it. */
final class Lane {
  /** What a new measurement weighs. */
  private static final double NEW = 0.2;

  private static final int HALF_OPEN_CALLS = 3;

  private final CircuitBreaker breaker;
  private final CallWindow window = new CallWindow();
  private final long slowNanos;
  private final LongSupplier nanos;
  private double firstTokenMillis = -1;
  private double tokenMicros = -1;
  private double cacheHit;

  /** Without a stack trace: the breaker only counts it. */
  private static final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    Failure() {
      super("the upstream failed", null, false, false);
    }
  }

  /**
   * A lane.
   *
   * @param slow time to the first token that counts as slow
   * @param open how long the breaker stays open before it lets calls try
   * @param nanos a clock as {@link System#nanoTime}
   */
  Lane(String name, Duration slow, Duration open, LongSupplier nanos) {
    this.nanos = nanos;
    slowNanos = slow.toNanos();
    // The library counts by calls or by time: what opens it is counted here by both.
    breaker =
        CircuitBreaker.of(
            name,
            CircuitBreakerConfig.custom()
                .slidingWindow(1, Integer.MAX_VALUE, SlidingWindowType.TIME_BASED)
                .failureRateThreshold(CallWindow.FAILURE_PERCENT)
                .slowCallRateThreshold(CallWindow.SLOW_PERCENT)
                .slowCallDurationThreshold(slow)
                .permittedNumberOfCallsInHalfOpenState(HALF_OPEN_CALLS)
                .waitDurationInOpenState(open)
                .build());
  }

  /** Asks to call; whoever may must say how it went. */
  boolean tryCall() {
    return breaker.tryAcquirePermission();
  }

  /** The call says nothing about the upstream. */
  void release() {
    breaker.releasePermission();
  }

  void succeeded(long firstTokenNanos) {
    breaker.onSuccess(firstTokenNanos, TimeUnit.NANOSECONDS);
    seen(false, firstTokenNanos > slowNanos);
  }

  void failed(long took) {
    breaker.onError(took, TimeUnit.NANOSECONDS, new Failure());
    seen(true, took > slowNanos);
  }

  private void seen(boolean failed, boolean slow) {
    // Whether it closes again is for the calls it lets try.
    if (breaker.getState() == CircuitBreaker.State.CLOSED
        && window.add(failed, slow, nanos.getAsLong())) {
      window.clear();
      breaker.transitionToOpenState();
    }
  }

  /** {@code closed}, {@code open} or {@code half_open}. */
  String breakerState() {
    return switch (breaker.getState()) {
      case OPEN, FORCED_OPEN -> "open";
      case HALF_OPEN -> "half_open";
      default -> "closed";
    };
  }

  /** 0 closed, 1 half open, 2 open. */
  int breakerLevel() {
    return switch (breakerState()) {
      case "open" -> 2;
      case "half_open" -> 1;
      default -> 0;
    };
  }

  /** Share of failed calls in the window, percent; -1 before there are enough. */
  double failurePercent() {
    return window.failurePercent(nanos.getAsLong());
  }

  /** Learns from an answer. */
  synchronized void measured(long firstTokenNanos, long wholeNanos, Quantities took) {
    firstTokenMillis = moved(firstTokenMillis, firstTokenNanos / 1e6);
    if (took.output() > 1) {
      tokenMicros = moved(tokenMicros, (wholeNanos - firstTokenNanos) / 1e3 / (took.output() - 1));
    }
    if (took.input() > 0) {
      cacheHit = (1 - NEW) * cacheHit + NEW * took.cacheRead() / took.input();
    }
  }

  private static double moved(double known, double measured) {
    return known < 0 ? measured : (1 - NEW) * known + NEW * measured;
  }

  /** Moving average; -1 when unknown. */
  synchronized double firstTokenMillis() {
    return firstTokenMillis;
  }

  /** Moving average of the time between two tokens; -1 when unknown. */
  synchronized double tokenMicros() {
    return tokenMicros;
  }

  /** Moving average of the part of prompts that was cached. */
  synchronized double cacheHit() {
    return cacheHit;
  }
}
