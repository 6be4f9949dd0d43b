package io.hadal.engine.serving;

/** A request is refused for now. */
public final class DispatcherBusyException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why a request is refused. */
  public enum Cause {
    /** The queue is full. */
    QUEUE_FULL,
    /** The tenant has too many requests in the queue. */
    TENANT_QUEUE_FULL,
    /** The request would wait longer than its class allows. */
    TOO_LONG_A_WAIT,
    /** The dispatcher takes no more requests. */
    DRAINING
  }

  private final Cause reason;
  private final int retryAfterSeconds;

  DispatcherBusyException(Cause reason, int retryAfterSeconds, String message) {
    super(message);
    this.reason = reason;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  public Cause reason() {
    return reason;
  }

  /** Seconds after which another attempt may succeed, at least 1. */
  public int retryAfterSeconds() {
    return retryAfterSeconds;
  }
}
