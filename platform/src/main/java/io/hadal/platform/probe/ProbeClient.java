package io.hadal.platform.probe;

import io.hadal.platform.probe.ProbeTransport.Answer;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Asks a server. What it answers is never part of a message. */
final class ProbeClient {
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

  private final ProbeTransport transport;
  private boolean switchesThinking = true;

  ProbeClient(ProbeTransport transport) {
    this.transport = transport;
  }

  /** A request of chat: greedy, short, without reasoning, with this text. */
  ObjectNode chat(String text) {
    ObjectNode body = JsonMapper.shared().createObjectNode();
    body.put("model", transport.model()).put("max_tokens", 64).put("temperature", 0).put("seed", 7);
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
    return reply(transport.send(path, bytes(body)));
  }

  /** What the server says about the model; status 0 when it says nothing. */
  Reply model() throws IOException, InterruptedException {
    String name = URLEncoder.encode(transport.model(), StandardCharsets.UTF_8);
    return reply(transport.send("/v1/models/" + name, null));
  }

  Streamed stream(ObjectNode body) throws IOException, InterruptedException {
    Answer answer =
        transport.send("/v1/chat/completions", bytes(body.deepCopy().put("stream", true)));
    List<JsonNode> events = new ArrayList<>();
    boolean done = false;
    for (String line : new String(answer.body(), StandardCharsets.UTF_8).split("\r?\n", -1)) {
      if (line.equals("data: [DONE]")) {
        done = true;
      } else if (line.startsWith("data: ")) {
        events.add(ProbeJson.parse(line.substring(6)));
      }
    }
    return new Streamed(answer.status(), events, done);
  }

  private static byte[] bytes(ObjectNode body) {
    return body.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static Reply reply(Answer answer) {
    return new Reply(
        answer.status(), ProbeJson.parse(new String(answer.body(), StandardCharsets.UTF_8)));
  }
}
