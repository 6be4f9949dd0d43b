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

  private static final String REQUEST = "invalid_request_error";

  private final transient Kind kind;
  private final @Nullable String param;
  private final boolean retry;
  private final long retryAfterMillis;
  private final long resetsAt;
  private final @Nullable String anthropicMessage;

  /**
   * What a problem is called: its HTTP status, and its names for clients of OpenAI and Anthropic.
   *
   * @param type OpenAI's kind of error
   * @param code stable name of the cause
   * @param anthropicType Anthropic's kind of error
   */
  public record Kind(int status, String type, String code, String anthropicType) {
    /** A request that cannot be answered as it is. */
    public static Kind request(int status, String code) {
      return new Kind(status, REQUEST, code, REQUEST);
    }
  }

  /**
   * A problem that does not go away by itself.
   *
   * @param param the field that it is about; null for none
   */
  public Problem(Kind kind, @Nullable String param, String message) {
    this(kind, param, message, false, 0, 0, null);
  }

  /**
   * A problem that is no fault of one field.
   *
   * @param retry whether the same request may succeed later
   * @param retryAfterMillis how much later; 0 for no advice
   * @param resetsAt when there is money again, seconds since 1970; 0 for unknown
   */
  public Problem(Kind kind, String message, boolean retry, long retryAfterMillis, long resetsAt) {
    this(kind, null, message, retry, retryAfterMillis, resetsAt, null);
  }

  private Problem(
      Kind kind,
      @Nullable String param,
      String message,
      boolean retry,
      long retryAfterMillis,
      long resetsAt,
      @Nullable String anthropicMessage) {
    super(message, null, false, false);
    this.kind = kind;
    this.param = param;
    this.retry = retry;
    this.retryAfterMillis = retryAfterMillis;
    this.resetsAt = resetsAt;
    this.anthropicMessage = anthropicMessage;
  }

  private static Problem request(String code, @Nullable String param, String message) {
    return new Problem(Kind.request(400, code), param, message);
  }

  private static Problem busy(String code, int afterSeconds, String message) {
    Kind kind = new Kind(503, "server_error", code, "overloaded_error");
    return new Problem(kind, message, true, 1000L * afterSeconds, 0);
  }

  /** A field that is there and cannot be used. */
  public static Problem invalid(String param, String problem) {
    return request("invalid_value", param, param + " " + problem);
  }

  /** A conversation the model's prompt format cannot express. */
  public static Problem inexpressible(String message) {
    return request("invalid_value", null, message);
  }

  public static Problem missing(String param) {
    return request("missing_required_parameter", param, param + " is required");
  }

  /** Something this model or server does not offer. */
  public static Problem unsupported(String param, String problem) {
    return request("unsupported_value", param, param + " " + problem);
  }

  public static Problem unknownToolCall(String param, String id) {
    return request(
        "tool_call_not_found", param, param + " answers the call " + id + ", which is not there");
  }

  public static Problem contextLength(int tokens, int limit) {
    return new Problem(
        Kind.request(400, "context_length_exceeded"),
        "messages",
        "This model's maximum context length is "
            + limit
            + " tokens. Your request has "
            + tokens
            + " tokens.",
        false,
        0,
        0,
        "prompt is too long: " + tokens + " tokens > " + limit + " maximum");
  }

  /** A text that is too long for an embedding. */
  public static Problem inputLength(int tokens, int limit) {
    return request(
        "context_length_exceeded",
        "input",
        "This model takes texts below " + limit + " tokens. One of yours has " + tokens + ".");
  }

  public static Problem unknownModel(String name) {
    return noSuchModel("The model '" + name + "' does not exist.", "model: " + name);
  }

  /** A name that stands for no model any more, in words that may name its successor. */
  public static Problem noSuchModel(String message) {
    return noSuchModel(message, null);
  }

  private static Problem noSuchModel(String message, @Nullable String anthropicMessage) {
    Kind kind = new Kind(404, REQUEST, "model_not_found", "not_found_error");
    return new Problem(kind, "model", message, false, 0, 0, anthropicMessage);
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
        new Kind(504, "server_error", "timeout", "timeout_error"),
        null,
        "The request took longer than it may.");
  }

  public static Problem internal() {
    return new Problem(
        new Kind(500, "server_error", "internal_error", "api_error"),
        "The server had an error. The request id leads to its log.",
        true,
        0,
        0);
  }

  public int status() {
    return kind.status();
  }

  /** Status on Anthropic paths. */
  public int anthropicStatus() {
    return kind.anthropicType().equals("overloaded_error") ? OVERLOADED : status();
  }

  public String type() {
    return kind.type();
  }

  public String code() {
    return kind.code();
  }

  public @Nullable String param() {
    return param;
  }

  public String anthropicType() {
    return kind.anthropicType();
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
    return (int) Math.ceilDiv(retryAfterMillis, 1000L);
  }
}
