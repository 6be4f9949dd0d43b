package io.hadal.server.trial;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.http.Exchange;
import io.hadal.server.routing.config.Operation;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * A request that has been answered, on its way to the candidate.
 *
 * @param rollout its id
 * @param candidate version that gets the copy
 * @param baseline the answer that the client got; null when there was none
 */
record ShadowCopy(
    String rollout,
    String candidate,
    Operation operation,
    byte[] request,
    Identity identity,
    Map<String, String> headers,
    byte @Nullable [] baseline,
    long baselineMillis) {
  /** Headers that belong to the conversation, or to what its body may hold. */
  private static final List<String> HEADERS =
      List.of(
          "anthropic-version",
          "anthropic-beta",
          "x-claude-code-session-id",
          "session-id",
          "thread-id",
          "x-session-affinity",
          "x-session-id");

  static Map<String, String> headers(Exchange exchange) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String name : HEADERS) {
      String value = exchange.header(name);
      if (value != null) {
        headers.put(name, value);
      }
    }
    return headers;
  }

  /** Bytes that it takes in memory. */
  long bytes() {
    byte[] answer = baseline;
    return request.length + (answer == null ? 0 : answer.length) + 1024L;
  }

  /**
   * The body for the candidate; null when the request goes on from something that a provider has
   * stored, which the candidate does not have.
   */
  byte @Nullable [] body() {
    try {
      if (!(Json.parse(request, "body") instanceof ObjectNode body)
          || body.has("previous_response_id")
          || body.has("conversation")
          || body.path("background").asBoolean(false)) {
        return null;
      }
      body.remove(List.of("provider", "service_tier", "metadata", "user"));
      if (operation == Operation.RESPONSES) {
        body.put("store", false);
      } else {
        body.remove("store");
      }
      return body.toString().getBytes(StandardCharsets.UTF_8);
    } catch (FormatException e) {
      return null;
    }
  }
}
