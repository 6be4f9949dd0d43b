package io.hadal.server.wire;

import io.hadal.chat.Problem;
import tools.jackson.databind.node.ObjectNode;

/** Families of APIs, which differ in how they say that something is wrong. */
public enum Dialect {
  OPENAI,
  ANTHROPIC,
  OLLAMA;

  /** Names and values of a request in messages may be as long as its body. */
  private static final int MOST_MESSAGE = 2000;

  /** Body of an error answer. */
  public byte[] body(Problem problem, String requestId) {
    return WireJson.bytes(json(problem, requestId));
  }

  /** Status of an error answer. */
  public int status(Problem problem) {
    return this == ANTHROPIC ? problem.anthropicStatus() : problem.status();
  }

  ObjectNode json(Problem problem, String requestId) {
    ObjectNode body = WireJson.object();
    switch (this) {
      case OPENAI -> {
        ObjectNode error =
            body.putObject("error")
                .put("message", message(problem.message()))
                .put("type", problem.type())
                .put("param", problem.param())
                .put("code", problem.code());
        if (problem.resetsAt() > 0) {
          error.put("resets_at", problem.resetsAt());
        }
      }
      case ANTHROPIC -> {
        body.put("type", "error");
        ObjectNode error = body.putObject("error");
        error
            .put("type", problem.anthropicType())
            .put("message", message(problem.anthropicMessage()))
            .putObject("details")
            .put("error_code", problem.code());
        body.put("request_id", requestId);
      }
      case OLLAMA -> body.put("error", message(problem.message()));
    }
    return body;
  }

  /** What a client is told, no longer than anybody reads. */
  static String message(String text) {
    if (text.length() <= MOST_MESSAGE) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(MOST_MESSAGE - 1)) ? 1 : 0;
    return text.substring(0, MOST_MESSAGE - end) + "…";
  }
}
