package io.hadal.server.redaction;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.ForwardingExchange;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.Dialect;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** An exchange that changes the texts of its answer. */
final class RedactingExchange extends ForwardingExchange {
  private static final int ERROR = 400;

  private final Call call;
  private final AnswerRules rules;
  private final Consumer<AnswerRules> ended;
  private @Nullable OutputStream streaming;

  RedactingExchange(Exchange exchange, Call call, AnswerRules rules, Consumer<AnswerRules> ended) {
    super(exchange);
    this.call = call;
    this.rules = rules;
    this.ended = ended;
  }

  @Override
  public void send(int status, String contentType, byte[] body) {
    if (!contentType.contains("json")) {
      super.send(status, contentType, body);
      return;
    }
    ObjectNode json;
    try {
      json = Json.parse(body, "answer") instanceof ObjectNode object ? object : null;
    } catch (FormatException e) {
      json = null;
    }
    if (json == null) {
      super.send(status, contentType, body);
      return;
    }
    if (status >= ERROR) {
      JsonTexts.change(json, new Restoring(rules));
    } else {
      rules.change(json, true);
      ended.accept(rules);
    }
    if (rules.blocked()) {
      Problem problem = RedactingStream.blocked(rules);
      call.outcome(problem.code());
      super.setHeader("x-should-retry", "false");
      super.send(
          call.dialect().status(problem),
          "application/json",
          call.dialect().body(problem, call.requestId()));
      return;
    }
    super.send(status, contentType, Json.text(json).getBytes(StandardCharsets.UTF_8));
  }

  private record Restoring(AnswerRules rules) implements JsonTexts.Filter {
    @Override
    public String text(String name, String text) {
      return rules.request().restore(text);
    }

    @Override
    public String json(String text) {
      return rules.request().restoreJson(text);
    }
  }

  @Override
  public OutputStream stream(int status, String contentType) {
    OutputStream out = super.stream(status, contentType);
    boolean events = contentType.startsWith("text/event-stream");
    if (!events && !contentType.startsWith("application/x-ndjson")) {
      return out;
    }
    OutputStream stream = new RedactingStream(out, !events, rules, this::refusal, ended);
    streaming = stream;
    return stream;
  }

  /** Ends a stream that was not to go on. */
  void close() throws IOException {
    OutputStream stream = streaming;
    streaming = null;
    if (stream != null) {
      stream.close();
    }
  }

  /** An error as it stands inside a stream. */
  private String refusal(long sequence) {
    Problem problem = RedactingStream.blocked(rules);
    call.outcome(problem.code());
    String body =
        new String(call.dialect().body(problem, call.requestId()), StandardCharsets.UTF_8);
    if (call.dialect() == Dialect.ANTHROPIC) {
      return "event: error\ndata: " + body + "\n\n";
    }
    if (call.dialect() == Dialect.OLLAMA) {
      return body + "\n";
    }
    if (call.operation().equals("responses")) {
      ObjectNode event = JsonNodeFactory.instance.objectNode();
      event.put("type", "response.failed").put("sequence_number", sequence);
      ObjectNode response = event.putObject("response");
      response.put("object", "response").put("status", "failed");
      response.putObject("error").put("code", problem.code()).put("message", problem.message());
      return "event: response.failed\ndata: " + event + "\n\n";
    }
    return "data: " + body + "\n\n";
  }

  /** False also when nothing more of the answer may go out: then it need not be made. */
  @Override
  public boolean connected() {
    return !rules.blocked() && super.connected();
  }
}
