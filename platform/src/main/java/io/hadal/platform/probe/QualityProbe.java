package io.hadal.platform.probe;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Asks a backend a fixed set of questions, greedily and with a fixed seed (platform specification,
 * 2.8), so that one which serves a version badly quantised or with another template stands out from
 * the others and from the reference.
 */
public final class QualityProbe {
  /** Questions and their only answers. */
  private static final Map<String, String> QUESTIONS =
      new TreeMap<>(
          Map.of(
              "What is 12 + 30?", "42",
              "What is 9 times 7?", "63",
              "How many days has a leap year?", "366",
              "Which number comes next: 2, 4, 8, 16?", "32",
              "How many letters are in the word \"house\"?", "5",
              "In which year did the first human being walk on the moon?", "1969",
              "What is 100 minus 58?", "42",
              "How many sides has a hexagon?", "6"));

  private static final String ONLY = " Answer with the number and nothing else.";
  private static final List<String> CITIES = List.of("Rome", "Paris", "Rome", "Paris");
  private static final List<String> BEGINNINGS =
      List.of(
          "Continue: The sun rises in the",
          "Continue: def fibonacci(n):",
          "Continue: Once upon a time there was a");

  private final Clock clock;

  public QualityProbe(Clock clock) {
    this.clock = clock;
  }

  /**
   * Asks a backend over HTTP.
   *
   * @param reference a server that runs the same weights and is trusted; null for none
   * @throws InterruptedException when the thread is interrupted
   */
  public QualitySample run(
      String version, String backend, ProbeTarget target, @Nullable ProbeTarget reference)
      throws InterruptedException {
    try (HttpTransport transport = new HttpTransport(target);
        HttpTransport trusted = reference == null ? null : new HttpTransport(reference)) {
      return run(version, backend, transport, trusted);
    }
  }

  /**
   * Asks a backend over any transport; those stay open.
   *
   * @param reference the way to the same weights at a place that is trusted; null for none
   * @throws InterruptedException when the thread is interrupted
   */
  public QualitySample run(
      String version, String backend, ProbeTransport transport, @Nullable ProbeTransport reference)
      throws InterruptedException {
    int failures = 0;
    int right = 0;
    int valid = 0;
    double distance = 0;
    int common = 0;
    ProbeClient client = new ProbeClient(transport);
    ProbeClient known = reference == null ? null : new ProbeClient(reference);
    settle(client);
    if (known != null) {
      settle(known);
    }
    for (Map.Entry<String, String> question : QUESTIONS.entrySet()) {
      ProbeClient.Reply reply = ask(client, client.chat(question.getKey() + ONLY));
      failures += reply.status() == 200 ? 0 : 1;
      right += reply.content().strip().equals(question.getValue()) ? 1 : 0;
    }
    for (String city : CITIES) {
      ObjectNode body = client.chat("What is the weather in " + city + ", in degrees celsius?");
      ProbeTool.add(body, false);
      body.put("max_tokens", 320);
      ProbeClient.Reply reply = ask(client, body);
      failures += reply.status() == 200 ? 0 : 1;
      valid += ProbeTool.validCalls(reply) == 1 ? 1 : 0;
    }
    for (String beginning : BEGINNINGS) {
      if (known == null) {
        break;
      }
      List<Token> ours = tokens(ask(known, probabilities(known, beginning)));
      List<Token> theirs = tokens(ask(client, probabilities(client, beginning)));
      for (int i = 0; i < Math.min(ours.size(), theirs.size()); i++) {
        if (!ours.get(i).text.equals(theirs.get(i).text)) {
          break; // What follows has other beginnings.
        }
        distance += Math.abs(ours.get(i).logprob - theirs.get(i).logprob);
        common++;
      }
    }
    return new QualitySample(
        version,
        backend,
        clock.instant(),
        CITIES.size(),
        valid,
        QUESTIONS.size(),
        right,
        common == 0 ? null : Double.valueOf(distance / common),
        failures);
  }

  private record Token(String text, double logprob) {}

  /** Finds out whether the server knows how reasoning is switched off. */
  private static void settle(ProbeClient client) throws InterruptedException {
    if (ask(client, client.chat("Say hello.")).status() == 400) {
      client.leaveThinking();
    }
  }

  private static ProbeClient.Reply ask(ProbeClient client, ObjectNode body)
      throws InterruptedException {
    try {
      return client.chat(body);
    } catch (IOException e) {
      return new ProbeClient.Reply(0, ProbeJson.parse(""));
    }
  }

  private static ObjectNode probabilities(ProbeClient client, String text) {
    return client.chat(text).put("max_tokens", 16).put("logprobs", true);
  }

  private static List<Token> tokens(ProbeClient.Reply reply) {
    List<Token> tokens = new ArrayList<>();
    for (JsonNode token : reply.json().at("/choices/0/logprobs/content")) {
      tokens.add(new Token(token.path("token").asString(""), token.path("logprob").asDouble(0)));
    }
    return tokens;
  }
}
