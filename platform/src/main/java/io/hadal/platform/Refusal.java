package io.hadal.platform;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A request that the platform does not let through. The message goes to the client: it holds no
 * secret.
 */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why. */
  public enum Reason {
    /** No key, or one that is unknown, revoked or too old. */
    UNAUTHENTICATED,
    /** The key may not use this model. */
    MODEL_NOT_ALLOWED,
    /** The key may not be used from this address. */
    ADDRESS_NOT_ALLOWED,
    /** The key belongs to another project than the request says. */
    PROJECT_NOT_ALLOWED,
    /** The key or role lacks a permission. */
    NOT_PERMITTED,
    /** Nothing has this name, or its version is retired. */
    UNKNOWN_MODEL,
    /** Too many requests or tokens a minute or a day, or too many at once. */
    RATE_LIMIT,
    /** A budget is used up. */
    BUDGET,
    /** The prepaid balance is used up. */
    BALANCE,
    /** The platform cannot say whether the request may pass. */
    UNAVAILABLE
  }

  private final Reason reason;
  private final long retryAfterMillis;
  private final @Nullable Instant resetsAt;
  private final transient LimitState limits;

  /**
   * A refusal.
   *
   * @param retryAfterMillis when the same request may pass; 0 for no advice
   * @param resetsAt when a budget begins anew; null for never
   */
  public Refusal(Reason reason, String message, long retryAfterMillis, @Nullable Instant resetsAt) {
    this(reason, message, retryAfterMillis, resetsAt, LimitState.NONE);
  }

  private Refusal(
      Reason reason,
      String message,
      long retryAfterMillis,
      @Nullable Instant resetsAt,
      LimitState limits) {
    super(message, null, false, false);
    this.reason = reason;
    this.retryAfterMillis = retryAfterMillis;
    this.resetsAt = resetsAt;
    this.limits = limits;
  }

  /**
   * A refusal by a rate limit.
   *
   * @param retryAfterMillis when the same request may pass
   * @param limits how the tightest limits stand
   */
  public static Refusal rateLimit(String message, long retryAfterMillis, LimitState limits) {
    return new Refusal(Reason.RATE_LIMIT, message, retryAfterMillis, null, limits);
  }

  /** A refusal that waiting does not help. */
  public Refusal(Reason reason, String message) {
    this(reason, message, 0, null);
  }

  public Reason reason() {
    return reason;
  }

  public String message() {
    return String.valueOf(getMessage());
  }

  /** Milliseconds after which the same request may pass; 0 for no advice. */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }

  /** How the tightest rate limits stand, when one of them refuses. */
  public LimitState limits() {
    return limits;
  }

  /** When the budget begins anew; null for never. */
  public @Nullable Instant resetsAt() {
    return resetsAt;
  }
}
