package io.hadal.server.http;

import io.hadal.chat.Problem;
import io.hadal.chat.Problem.Kind;
import org.jspecify.annotations.Nullable;

/** Problems that only a server has: with addresses, bodies, keys, money and providers. */
public final class HttpProblem {
  private static final String REQUEST = "invalid_request_error";

  private HttpProblem() {}

  private static Problem request(int status, String code, String message) {
    return new Problem(Kind.request(status, code), null, message);
  }

  /** A body that cannot be read as JSON. */
  public static Problem invalidJson(String detail) {
    return request(400, "invalid_json", "The body is " + detail);
  }

  /** A request that is refused before its path is known. */
  public static Problem invalidHttp() {
    return request(
        400,
        "invalid_http",
        "The request is no valid HTTP/1.1, its first line is longer than 4 KiB, its headers are"
            + " longer than 64 KiB, or its content-encoding is none of gzip, zstd and identity.");
  }

  /** Texts with data that does not go to models, or not back from them; kinds only. */
  public static Problem redactionBlocked(String message) {
    return request(400, "redaction_blocked", message);
  }

  /** No or no valid key. */
  public static Problem unauthorized(String message) {
    String type = "authentication_error";
    return new Problem(new Kind(401, type, "invalid_api_key", type), null, message);
  }

  /** A known key that may not do this. */
  public static Problem forbidden(String code, @Nullable String param, String message) {
    String type = "permission_error";
    return new Problem(new Kind(403, type, code, type), param, message);
  }

  /**
   * Too many requests or tokens for now.
   *
   * @param retryAfterMillis when the same request may pass
   */
  public static Problem rateLimited(String message, long retryAfterMillis) {
    String type = "rate_limit_error";
    return new Problem(
        new Kind(429, type, "rate_limit_exceeded", type),
        message,
        true,
        Math.max(1, retryAfterMillis),
        0);
  }

  /**
   * A budget or the balance is used up.
   *
   * @param code {@code budget_exceeded} or {@code insufficient_quota}
   * @param resetsAt when there is money again, seconds since 1970; 0 for never
   */
  public static Problem unpaid(String code, String message, long resetsAt) {
    Kind kind = new Kind(402, "insufficient_quota", code, "billing_error");
    return new Problem(kind, message, false, 0, resetsAt);
  }

  /** The same in the form that clients of the Responses API stop at: 429 with its own type. */
  public static Problem asUsageLimit(Problem unpaid) {
    Kind kind = new Kind(429, "usage_limit_reached", unpaid.code(), unpaid.anthropicType());
    return new Problem(kind, unpaid.message(), false, 0, unpaid.resetsAt());
  }

  /** The budget ended in the middle of an answer. */
  public static Problem budgetExhausted() {
    return unpaid("budget_exhausted", "The budget was used up while the answer was written.", 0);
  }

  /** No path of this server. */
  public static Problem unknownUrl(String method, String path) {
    return new Problem(
        new Kind(404, REQUEST, "unknown_url", "not_found_error"),
        null,
        "Unknown request URL: " + method + " " + path);
  }

  /**
   * Something that a path names is not there.
   *
   * @param what its name, to begin a sentence with
   */
  public static Problem notFound(String what) {
    return new Problem(
        new Kind(404, REQUEST, "not_found", "not_found_error"), null, what + " does not exist.");
  }

  /** A version of a model that is known, and that nobody runs now. */
  public static Problem modelNotRunning(String message) {
    return new Problem(
        new Kind(503, "server_error", "model_not_running", "api_error"), "model", message);
  }

  /** A path of the dialect that this server does not serve. */
  public static Problem notImplemented() {
    return request(501, "not_implemented", "not supported by this server");
  }

  /** A path that is not there for this method. */
  public static Problem wrongMethod(String method) {
    return request(405, "method_not_allowed", method + " is not allowed here.");
  }

  /** The first request with an idempotency key has not ended. */
  public static Problem idempotencyInProgress() {
    return new Problem(
        Kind.request(409, "idempotency_in_progress"),
        "A request with this idempotency key is still running.",
        true,
        1000,
        0);
  }

  /** An idempotency key that belongs to another body. */
  public static Problem idempotencyMismatch() {
    return request(
        422, "idempotency_mismatch", "This idempotency key was used before with another body.");
  }

  /** The answer that an idempotency key belongs to is not kept. */
  public static Problem idempotencyReplayUnavailable() {
    return request(
        409,
        "idempotency_replay_unavailable",
        "The request with this idempotency key has been answered; the answer is not kept.");
  }

  /**
   * A body above the limit.
   *
   * @param limit bytes
   */
  public static Problem tooLarge(long limit) {
    return new Problem(
        new Kind(413, REQUEST, "request_too_large", "request_too_large"),
        null,
        "The body is larger than the limit of " + limit + " bytes.");
  }

  /** A body of a type that is not read here. */
  public static Problem unsupportedMedia(String message) {
    return request(415, "unsupported_media_type", message);
  }

  /** A provider failed, and all attempts are used up. */
  public static Problem upstream() {
    return new Problem(
        new Kind(502, "server_error", "upstream_error", "api_error"),
        "The provider of this model failed to answer.",
        true,
        0,
        0);
  }

  /**
   * A provider of another dialect refused a request.
   *
   * @param status what it said, 400 to 499
   * @param message its words
   */
  public static Problem upstreamRefused(int status, String message) {
    return status == 429
        ? rateLimited(message, 1000)
        : request(status, "upstream_refused", message);
  }
}
