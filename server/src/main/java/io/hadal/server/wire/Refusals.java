package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.platform.Refusal;
import io.hadal.server.http.HttpProblem;
import java.time.Instant;

/** What clients are told when the platform does not let a request through (api.md 3.2). */
public final class Refusals {
  private Refusals() {}

  /** The refusal in terms of all dialects. */
  public static Problem problem(Refusal refusal) {
    String message = refusal.message();
    Instant resets = refusal.resetsAt();
    long seconds = resets == null ? 0 : resets.getEpochSecond();
    return switch (refusal.reason()) {
      case UNAUTHENTICATED -> HttpProblem.unauthorized(message);
      case MODEL_NOT_ALLOWED -> HttpProblem.forbidden("model_not_allowed", "model", message);
      case ADDRESS_NOT_ALLOWED -> HttpProblem.forbidden("address_not_allowed", null, message);
      case PROJECT_NOT_ALLOWED -> HttpProblem.forbidden("project_not_allowed", null, message);
      case NOT_PERMITTED -> HttpProblem.forbidden("not_permitted", null, message);
      case UNKNOWN_MODEL -> Problem.noSuchModel(message);
      case RATE_LIMIT -> HttpProblem.rateLimited(message, refusal.retryAfterMillis());
      case BUDGET -> HttpProblem.unpaid("budget_exceeded", message, seconds);
      case BALANCE -> HttpProblem.unpaid("insufficient_quota", message, seconds);
      case UNAVAILABLE ->
          Problem.overloaded((int) Math.max(1, Math.ceilDiv(refusal.retryAfterMillis(), 1000L)));
    };
  }
}
