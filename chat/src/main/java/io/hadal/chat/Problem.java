package io.hadal.chat;

import org.jspecify.annotations.Nullable;

/**
 * A request that cannot be answered, in terms of all dialects at once. The message goes to the
 * client: it holds nothing of the inside.
 */
public final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** HTTP status on Anthropic paths where others have 503. */
  public static final int OVERLOADED = 529;

  private final int status;
  private final String type;
  private final String code;
  private final @Nullable String param;
  private final String anthropicType;
  private final boolean retry;
  private final int retryAfterSeconds;
  private final @Nullable String anthropicMessage;
  private final long retryAfterMillis;
  private final long resetsAt;

  private Problem(
      int status,
      String type,
      String code,
      @Nullable String param,
      String anthropicType,
      boolean retry,
      int retryAfterSeconds,
      String message,
      @Nullable String anthropicMessage) {
    this(
        status,
        type,
        code,
        param,
        anthropicType,
        retry,
        1000L * retryAfterSeconds,
        0,
        message,
        anthropicMessage);
  }

  private Problem(
      int status,
      String type,
      String code,
      @Nullable String param,
      String anthropicType,
      boolean retry,
      long retryAfterMillis,
      long resetsAt,
      String message,
      @Nullable String anthropicMessage) {
    super(message, null, false, false);
    this.status = status;
    this.type = type;
    this.code = code;
    this.param = param;
    this.anthropicType = anthropicType;
    this.retry = retry;
    this.retryAfterMillis = retryAfterMillis;
    this.retryAfterSeconds = (int) Math.ceilDiv(retryAfterMillis, 1000L);
    this.resetsAt = resetsAt;
    this.anthropicMessage = anthropicMessage;
  }

  private static Problem request(int status, String code, @Nullable String param, String message) {
    return new Problem(
        status,
        "invalid_request_error",
        code,
        param,
        "invalid_request_error",
        false,
        0,
        message,
        null);
  }

  private static Problem busy(String code, int after, String message) {
    return new Problem(
        503, "server_error", code, null, "overloaded_error", true, after, message, null);
  }

  public static Problem invalidJson(String detail) {
    return request(400, "invalid_json", null, "The body is " + detail);
  }

  /** A field that is there and cannot be used. */
  public static Problem invalid(String param, String problem) {
    return request(400, "invalid_value", param, param + " " + problem);
  }

  /** A conversation the model's prompt format cannot express. */
  public static Problem inexpressible(String message) {
    return request(400, "invalid_value", null, message);
  }

  /** Texts with data that does not go to models, or not back from them; kinds only. */
  public static Problem redactionBlocked(String message) {
    return request(400, "redaction_blocked", null, message);
  }

  public static Problem missing(String param) {
    return request(400, "missing_required_parameter", param, param + " is required");
  }

  /** Something this model or server does not offer. */
  public static Problem unsupported(String param, String problem) {
    return request(400, "unsupported_value", param, param + " " + problem);
  }

  public static Problem unknownToolCall(String param, String id) {
    return request(
        400,
        "tool_call_not_found",
        param,
        param + " answers the call " + id + ", which is not there");
  }

  public static Problem contextLength(int tokens, int limit) {
    return new Problem(
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "messages",
        "invalid_request_error",
        false,
        0,
        "This model's maximum context length is "
            + limit
            + " tokens. Your request has "
            + tokens
            + " tokens.",
        "prompt is too long: " + tokens + " tokens > " + limit + " maximum");
  }

  /** A text that is too long for an embedding. */
  public static Problem inputLength(int tokens, int limit) {
    return request(
        400,
        "context_length_exceeded",
        "input",
        "This model takes texts below " + limit + " tokens. One of yours has " + tokens + ".");
  }

  /** No or no valid key. */
  public static Problem unauthorized(String message) {
    return new Problem(
        401,
        "authentication_error",
        "invalid_api_key",
        null,
        "authentication_error",
        false,
        0,
        message,
        null);
  }

  /** A known key that may not do this. */
  public static Problem forbidden(String code, @Nullable String param, String message) {
    return new Problem(
        403, "permission_error", code, param, "permission_error", false, 0, message, null);
  }

  /**
   * Too many requests or tokens for now.
   *
   * @param retryAfterMillis when the same request may pass
   */
  public static Problem rateLimited(String message, long retryAfterMillis) {
    return new Problem(
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
        null,
        "rate_limit_error",
        true,
        Math.max(1, retryAfterMillis),
        0,
        message,
        null);
  }

  /**
   * A budget or the balance is used up.
   *
   * @param code {@code budget_exceeded} or {@code insufficient_quota}
   * @param resetsAt when there is money again, seconds since 1970; 0 for never
   */
  public static Problem unpaid(String code, String message, long resetsAt) {
    return new Problem(
        402, "insufficient_quota", code, null, "billing_error", false, 0, resetsAt, message, null);
  }

  /** The same in the form that clients of the Responses API stop at: 429 with its own type. */
  public Problem asUsageLimit() {
    return new Problem(
        429,
        "usage_limit_reached",
        code,
        param,
        anthropicType,
        false,
        0,
        resetsAt,
        message(),
        anthropicMessage);
  }

  public static Problem unknownModel(String name) {
    return noSuchModel("The model '" + name + "' does not exist.", "model: " + name);
  }

  /** A name that stands for no model any more, in words that may name its successor. */
  public static Problem noSuchModel(String message) {
    return noSuchModel(message, null);
  }

  private static Problem noSuchModel(String message, @Nullable String anthropicMessage) {
    return new Problem(
        404,
        "invalid_request_error",
        "model_not_found",
        "model",
        "not_found_error",
        false,
        0,
        message,
        anthropicMessage);
  }

  public static Problem unknownUrl(String method, String path) {
    return new Problem(
        404,
        "invalid_request_error",
        "unknown_url",
        null,
        "not_found_error",
        false,
        0,
        "Unknown request URL: " + method + " " + path,
        null);
  }

  public static Problem notFound(String what) {
    return new Problem(
        404,
        "invalid_request_error",
        "not_found",
        null,
        "not_found_error",
        false,
        0,
        what + " does not exist.",
        null);
  }

  public static Problem notImplemented() {
    return request(501, "not_implemented", null, "not supported by this server");
  }

  public static Problem wrongMethod(String method) {
    return request(405, "method_not_allowed", null, method + " is not allowed here.");
  }

  public static Problem idempotencyInProgress() {
    return new Problem(
        409,
        "invalid_request_error",
        "idempotency_in_progress",
        null,
        "invalid_request_error",
        true,
        1,
        "A request with this idempotency key is still running.",
        null);
  }

  public static Problem idempotencyMismatch() {
    return request(
        422,
        "idempotency_mismatch",
        null,
        "This idempotency key was used before with another body.");
  }

  public static Problem idempotencyReplayUnavailable() {
    return request(
        409,
        "idempotency_replay_unavailable",
        null,
        "The request with this idempotency key has been answered; the answer is not kept.");
  }

  public static Problem tooLarge(long limit) {
    return new Problem(
        413,
        "invalid_request_error",
        "request_too_large",
        null,
        "request_too_large",
        false,
        0,
        "The body is larger than the limit of " + limit + " bytes.",
        null);
  }

  public static Problem unsupportedMedia(String message) {
    return request(415, "unsupported_media_type", null, message);
  }

  public static Problem overloaded(int retryAfterSeconds) {
    return busy("server_is_overloaded", retryAfterSeconds, "The server is overloaded.");
  }

  public static Problem draining() {
    return busy("server_draining", 1, "The server is going down.");
  }

  public static Problem queueTimeout() {
    return busy("queue_timeout", 1, "The request waited too long for its turn.");
  }

  public static Problem timeout() {
    return new Problem(
        504,
        "server_error",
        "timeout",
        null,
        "timeout_error",
        false,
        0,
        "The request took longer than it may.",
        null);
  }

  /** A provider failed, and all attempts are used up. */
  public static Problem upstream() {
    return new Problem(
        502,
        "server_error",
        "upstream_error",
        null,
        "api_error",
        true,
        0,
        "The provider of this model failed to answer.",
        null);
  }

  /**
   * A provider of another dialect refused a request.
   *
   * @param status what it said, 400 to 499
   * @param message its words
   */
  public static Problem upstreamRefused(int status, String message) {
    boolean limit = status == 429;
    return new Problem(
        status,
        limit ? "rate_limit_error" : "invalid_request_error",
        limit ? "rate_limit_exceeded" : "upstream_refused",
        null,
        limit ? "rate_limit_error" : "invalid_request_error",
        limit,
        limit ? 1 : 0,
        message,
        null);
  }

  /** The budget ended in the middle of an answer. */
  public static Problem budgetExhausted() {
    return new Problem(
        402,
        "insufficient_quota",
        "budget_exhausted",
        null,
        "billing_error",
        false,
        0,
        "The budget was used up while the answer was written.",
        null);
  }

  public static Problem internal() {
    return new Problem(
        500,
        "server_error",
        "internal_error",
        null,
        "api_error",
        true,
        0,
        "The server had an error. The request id leads to its log.",
        null);
  }

  public int status() {
    return status;
  }

  /** Status on Anthropic paths. */
  public int anthropicStatus() {
    return status == 503 ? OVERLOADED : status;
  }

  public String type() {
    return type;
  }

  public String code() {
    return code;
  }

  public @Nullable String param() {
    return param;
  }

  public String anthropicType() {
    return anthropicType;
  }

  /** Message in the Anthropic dialect, whose clients parse some of them. */
  public String anthropicMessage() {
    return anthropicMessage == null ? message() : anthropicMessage;
  }

  public String message() {
    return String.valueOf(getMessage());
  }

  /** Whether the same request may succeed later. */
  public boolean retry() {
    return retry;
  }

  /** Milliseconds to wait before that, 0 for no advice. */
  public long retryAfterMillis() {
    return retryAfterMillis;
  }

  /** When there is money again, seconds since 1970; 0 for unknown. */
  public long resetsAt() {
    return resetsAt;
  }

  /** Seconds to wait before that, 0 for no advice. */
  public int retryAfterSeconds() {
    return retryAfterSeconds;
  }
}
