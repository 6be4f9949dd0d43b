package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.routing.usage.SseReader;
import io.hadal.server.routing.usage.UsageReader;
import io.hadal.server.wire.Dialect;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Every byte as it came: client and upstream speak the same (api.md 2.3). */
final class PassThrough implements Translator {
  private final Operation operation;
  private final boolean hideUsage;
  private final String requestId;
  private int events;

  /**
   * A pass-through.
   *
   * @param hideUsage true to leave out the usage that only we have asked for
   */
  PassThrough(Operation operation, boolean hideUsage, String requestId) {
    this.operation = operation;
    this.hideUsage = hideUsage;
    this.requestId = requestId;
  }

  @Override
  public void event(SseReader.Event event, UsageReader usage, OutputStream out) throws IOException {
    events += event.data() == null ? 0 : 1;
    if (hideUsage && event.data() != null && usage.usageChunk()) {
      return;
    }
    out.write(event.buffer(), event.from(), event.to() - event.from());
  }

  @Override
  public void end(UsageReader usage, OutputStream out) {
    // The upstream has said so itself.
  }

  @Override
  public void fail(Problem problem, OutputStream out) throws IOException {
    String body =
        switch (operation) {
          case MESSAGES ->
              "event: error\ndata: " + text(Dialect.ANTHROPIC.body(problem, requestId));
          case RESPONSES -> "event: response.failed\ndata: " + failedResponse(problem);
          default -> "data: " + text(Dialect.OPENAI.body(problem, requestId));
        };
    out.write((body + "\n\n").getBytes(StandardCharsets.UTF_8));
  }

  private static String text(byte[] json) {
    return new String(json, StandardCharsets.UTF_8);
  }

  private ObjectNode failedResponse(Problem problem) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("type", "response.failed")
            .put("sequence_number", events);
    ObjectNode response = json.putObject("response");
    response.put("id", "resp_" + requestId).put("object", "response").put("status", "failed");
    response.putObject("error").put("code", problem.code()).put("message", problem.message());
    response.putArray("output");
    return json;
  }

  @Override
  public byte[] whole(byte[] json, UsageReader usage) {
    return json;
  }
}
