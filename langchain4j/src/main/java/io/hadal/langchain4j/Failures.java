package io.hadal.langchain4j;

import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.TimeoutException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import io.hadal.chat.Problem;

/** Problems as LangChain4j's exceptions. */
final class Failures {
  private Failures() {}

  static RuntimeException of(RuntimeException failure) {
    if (!(failure instanceof Problem problem)) {
      return failure;
    }
    String message = problem.message();
    if (problem.code().equals("unsupported_value")) {
      return new UnsupportedFeatureException(message);
    }
    return switch (problem.status()) {
      case 404 -> new ModelNotFoundException(message, problem);
      case 503 -> new RateLimitException(message, problem);
      case 504 -> new TimeoutException(message, problem);
      case 500 -> new InternalServerException(message, problem);
      default -> new InvalidRequestException(message, problem);
    };
  }
}
