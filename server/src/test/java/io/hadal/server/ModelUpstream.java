package io.hadal.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.hadal.formats.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** An upstream that answers like a model, as well as its mood allows. */
final class ModelUpstream implements AutoCloseable {
  /** How it answers. */
  enum Mood {
    GOOD,
    /** Its calls cannot be read. */
    BROKEN_CALLS,
    /** Its answers do not follow schemas. */
    NO_SCHEMA,
    REFUSING,
    FAILING
  }

  private final HttpServer server;
  final AtomicInteger requests = new AtomicInteger();
  volatile Mood mood = Mood.GOOD;

  ModelUpstream() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/chat/completions", this::chat);
    server.createContext("/v1/completions", this::fill);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  private void chat(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    JsonNode body = Json.parse(exchange.getRequestBody().readAllBytes(), "body");
    Mood now = mood;
    int status = now == Mood.FAILING ? 500 : 200;
    String answer = now == Mood.FAILING ? "{\"error\":{\"message\":\"no\"}}" : answer(body, now);
    byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
    boolean stream = status == 200 && body.path("stream").asBoolean(false);
    if (stream) {
      bytes = stream(answer);
    }
    exchange
        .getResponseHeaders()
        .set("content-type", stream ? "text/event-stream" : "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  /** Fills in, in two events. */
  private void fill(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    exchange.getRequestBody().readAllBytes();
    StringBuilder events = new StringBuilder();
    for (String text : new String[] {"3.14159 * ", "radius ** 2"}) {
      ObjectNode event = JsonMapper.shared().createObjectNode().put("object", "text_completion");
      event.putArray("choices").addObject().put("index", 0).put("text", text);
      events.append("data: ").append(event).append("\n\n");
    }
    events
        .append("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":14,\"completion_tokens\":9,")
        .append("\"total_tokens\":23}}\n\ndata: [DONE]\n\n");
    byte[] bytes = events.toString().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("content-type", "text/event-stream");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private static byte[] stream(String answer) {
    ObjectNode chunk = (ObjectNode) TestServer.json(answer);
    ObjectNode choice = (ObjectNode) chunk.at("/choices/0");
    choice.set("delta", choice.remove("message"));
    return ("data: " + chunk + "\n\ndata: [DONE]\n\n").getBytes(StandardCharsets.UTF_8);
  }

  private static String answer(JsonNode body, Mood mood) {
    String text = body.at("/messages/0/content").asString("");
    ObjectNode json = JsonMapper.shared().createObjectNode().put("object", "chat.completion");
    ObjectNode choice = json.putArray("choices").addObject().put("index", 0);
    ObjectNode message = choice.putObject("message").put("role", "assistant");
    String finish = "stop";
    if (mood == Mood.REFUSING) {
      message.put("content", "I'm sorry, but I can't help with that.");
    } else if (body.path("tools").size() > 0) {
      finish = "tool_calls";
      String city = text.contains("Paris") ? "Paris" : "Rome";
      message.putNull("content");
      ObjectNode call = message.putArray("tool_calls").addObject().put("id", "call_1");
      call.put("type", "function")
          .putObject("function")
          .put("name", "get_weather")
          .put(
              "arguments",
              mood == Mood.BROKEN_CALLS
                  ? "{\"city\": <|Rome"
                  : "{\"city\":\"" + city + "\",\"unit\":\"celsius\"}");
    } else if (body.path("response_format").isObject()) {
      message.put("content", mood == Mood.NO_SCHEMA ? "{\"colour\": 7}" : "{\"colour\":\"red\"}");
    } else {
      message.put("content", text.contains("12 + 30") ? "42" : "Hello there");
    }
    choice.put("finish_reason", finish);
    json.putObject("usage")
        .put("prompt_tokens", 20)
        .put("completion_tokens", 5)
        .put("total_tokens", 25);
    return json.toString();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
