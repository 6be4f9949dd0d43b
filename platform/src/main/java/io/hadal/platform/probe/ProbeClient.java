package io.hadal.platform.probe;

import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Asks a server. What it answers is bounded, and never part of a message. */
final class ProbeClient implements AutoCloseable {
  private static final int MOST_BYTES = 16 << 20;

  /** An answer; the body is missing when it is no JSON. */
  record Reply(int status, JsonNode json) {
    JsonNode message() {
      return json.at("/choices/0/message");
    }

    String content() {
      return message().path("content").asString("");
    }
  }

  /** A streamed answer: its events, and whether it came to its end. */
  record Streamed(int status, List<JsonNode> events, boolean done) {}

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final ProbeTarget target;
  private boolean switchesThinking = true;

  ProbeClient(ProbeTarget target) {
    this.target = target;
  }

  /** A request of chat: greedy, short, without reasoning, with this text. */
  ObjectNode chat(String text) {
    ObjectNode body = JsonMapper.shared().createObjectNode();
    body.put("model", target.model()).put("max_tokens", 64).put("temperature", 0).put("seed", 7);
    body.putArray("messages").addObject().put("role", "user").put("content", text);
    if (switchesThinking) {
      body.putObject("thinking").put("type", "disabled");
    }
    return body;
  }

  /** From now on nothing is said about reasoning: this server does not know the switch. */
  void leaveThinking() {
    switchesThinking = false;
  }

  Reply chat(ObjectNode body) throws IOException, InterruptedException {
    return post("/v1/chat/completions", body);
  }

  Reply post(String path, ObjectNode body) throws IOException, InterruptedException {
    HttpResponse<InputStream> response = send(path, body);
    return new Reply(response.statusCode(), json(response));
  }

  /** What the server says about the model; status 0 when it says nothing. */
  Reply model() throws IOException, InterruptedException {
    String name = URLEncoder.encode(target.model(), StandardCharsets.UTF_8);
    HttpResponse<InputStream> response =
        http.send(
            request("/v1/models/" + name).GET().build(), HttpResponse.BodyHandlers.ofInputStream());
    return new Reply(response.statusCode(), json(response));
  }

  Streamed stream(ObjectNode body) throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        send("/v1/chat/completions", body.deepCopy().put("stream", true));
    List<JsonNode> events = new ArrayList<>();
    boolean done = false;
    for (String line : new String(bytes(response), StandardCharsets.UTF_8).split("\r?\n", -1)) {
      if (line.equals("data: [DONE]")) {
        done = true;
      } else if (line.startsWith("data: ")) {
        events.add(ProbeJson.parse(line.substring(6)));
      }
    }
    return new Streamed(response.statusCode(), events, done);
  }

  private HttpResponse<InputStream> send(String path, ObjectNode body)
      throws IOException, InterruptedException {
    return http.send(
        request(path)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
            .build(),
        HttpResponse.BodyHandlers.ofInputStream());
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(target.uri(path)).timeout(target.timeout());
    if (target.key() != null) {
      request.header("authorization", "Bearer " + target.key());
    }
    return request;
  }

  private static byte[] bytes(HttpResponse<InputStream> response) throws IOException {
    try (InputStream in = response.body()) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException("an answer of more than " + MOST_BYTES + " bytes");
      }
      return bytes;
    }
  }

  private static JsonNode json(HttpResponse<InputStream> response) throws IOException {
    return ProbeJson.parse(new String(bytes(response), StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    http.close();
  }
}
