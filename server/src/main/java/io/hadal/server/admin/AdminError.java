package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * An error as clients see it (api.md 3.1).
 *
 * @param param field that is wrong; null for none
 * @param retryAfterSeconds 0 for no advice
 */
record AdminError(
    int status,
    String type,
    String code,
    @Nullable String param,
    String message,
    boolean retry,
    long retryAfterSeconds) {

  static AdminError of(Problem problem) {
    return new AdminError(
        problem.status(),
        problem.type(),
        problem.code(),
        problem.param(),
        problem.message(),
        problem.retry(),
        problem.retryAfterSeconds());
  }

  static AdminError of(Refusal refusal) {
    long seconds = (refusal.retryAfterMillis() + 999) / 1000;
    return switch (refusal.reason()) {
      case UNAUTHENTICATED ->
          refused(401, "authentication_error", "invalid_api_key", refusal, seconds);
      case MODEL_NOT_ALLOWED ->
          refused(403, "permission_error", "model_not_allowed", refusal, seconds);
      case ADDRESS_NOT_ALLOWED ->
          refused(403, "permission_error", "address_not_allowed", refusal, seconds);
      case PROJECT_NOT_ALLOWED ->
          refused(403, "permission_error", "project_not_allowed", refusal, seconds);
      case NOT_PERMITTED -> refused(403, "permission_error", "not_permitted", refusal, seconds);
      case UNKNOWN_MODEL ->
          refused(404, "invalid_request_error", "model_not_found", refusal, seconds);
      case RATE_LIMIT -> refused(429, "rate_limit_error", "rate_limit_exceeded", refusal, seconds);
      case BUDGET -> refused(402, "insufficient_quota", "budget_exceeded", refusal, seconds);
      case BALANCE -> refused(402, "insufficient_quota", "insufficient_quota", refusal, seconds);
      case UNAVAILABLE ->
          refused(503, "server_error", "server_is_overloaded", refusal, Math.max(1, seconds));
    };
  }

  private static AdminError refused(
      int status, String type, String code, Refusal refusal, long seconds) {
    return new AdminError(
        status, type, code, null, refusal.message(), status == 429 || status == 503, seconds);
  }

  /** Input that a service of the platform does not take; its message names the field. */
  static AdminError of(FormatException error) {
    String message = String.valueOf(error.getMessage());
    int colon = message.indexOf(": ");
    String field = colon < 0 ? "" : message.substring(0, colon);
    boolean named = field.matches("[a-z][a-z0-9_.\\[\\]]{0,80}");
    return new AdminError(
        400,
        "invalid_request_error",
        "invalid_value",
        named ? field : null,
        named ? field + " " + message.substring(colon + 2) : message,
        false,
        0);
  }

  ObjectNode json() {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("error")
        .put("message", message)
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return body;
  }
}
