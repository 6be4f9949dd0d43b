package io.hadal.benchmarks.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Sends streamed completions and times what comes back. */
final class LoadClient implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(15);

  private final URI url;
  private final @Nullable String model;
  private final @Nullable String key;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  /**
   * A request.
   *
   * @param seed makes prompt and answer its own
   * @param tokens most tokens of the answer
   * @param background true for a conversation without end that may wait behind all others
   * @param leaveAfter pieces of the answer after which the client goes away; -1 to stay
   */
  record Request(long seed, int tokens, boolean background, int leaveAfter) {}

  /** How a request ended. */
  enum Outcome {
    /** Complete. */
    OK,
    /** Sent away with a time to come back. */
    REFUSED,
    /** The client went away, as it should. */
    LEFT,
    /** Anything else. */
    FAILED
  }

  /**
   * What became of a request.
   *
   * @param tokens tokens of the answer by the server's account, or pieces when it left
   * @param firstNanos from the time the request was due to the first piece; 0 when none came
   * @param lastNanos to the last one
   * @param detail what went wrong
   */
  record Result(
      Outcome outcome, int tokens, long firstNanos, long lastNanos, @Nullable String detail) {}

  /** A whole answer. */
  record Completion(String text, int tokens, double seconds) {}

  LoadClient(URI url, @Nullable String model, @Nullable String key) {
    this.url = url;
    this.model = model;
    this.key = key;
  }

  /** Text of a server's page, such as its metrics. */
  String get(String path) throws IOException, InterruptedException {
    HttpRequest request = authorised(HttpRequest.newBuilder(url.resolve(path))).build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  /** The greedy continuation of a prompt. */
  Completion complete(String prompt, int tokens) throws IOException, InterruptedException {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("prompt", prompt)
            .put("max_tokens", tokens)
            .put("temperature", 0);
    if (model != null) {
      json.put("model", model);
    }
    long start = System.nanoTime();
    HttpResponse<String> response =
        http.send(post("/v1/completions", json), HttpResponse.BodyHandlers.ofString());
    double seconds = (System.nanoTime() - start) / 1e9;
    if (response.statusCode() != 200) {
      throw new IOException(url + " answers " + response.statusCode() + ": " + response.body());
    }
    JsonNode answer = JSON.readTree(response.body());
    return new Completion(
        answer.at("/choices/0/text").asString(""),
        answer.at("/usage/completion_tokens").asInt(0),
        seconds);
  }

  private HttpRequest post(String path, ObjectNode json) {
    return authorised(HttpRequest.newBuilder(url.resolve(path)))
        .timeout(PATIENCE)
        .header("content-type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(json.toString()))
        .build();
  }

  private HttpRequest.Builder authorised(HttpRequest.Builder builder) {
    return key == null ? builder : builder.header("authorization", "Bearer " + key);
  }

  private ObjectNode body(Request request) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("temperature", 0.8)
            .put("seed", request.seed)
            .put("stream", true);
    json.putObject("stream_options").put("include_usage", true);
    if (model != null) {
      json.put("model", model);
    }
    if (request.background) {
      json.put("service_tier", "flex");
      json.putArray("messages")
          .addObject()
          .put("role", "user")
          .put("content", prompt(request.seed));
    } else {
      json.put("prompt", prompt(request.seed)).put("max_tokens", request.tokens);
    }
    return json;
  }

  /** The beginning of a class; no two seeds share more than its first words. */
  private static String prompt(long seed) {
    return "public class Item%d {%n  private final int value%d;%n%n  public int get"
        .formatted(seed, seed)
        .replace("\r", "");
  }

  /**
   * Sends a request and reads its answer.
   *
   * @param due when it should have been sent; times count from here
   */
  Result run(Request request, long due) {
    String path = request.background ? "/v1/chat/completions" : "/v1/completions";
    HttpRequest http1 = post(path, body(request));
    try {
      HttpResponse<InputStream> response =
          http.send(http1, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream in = response.body()) {
        if (response.statusCode() == 200) {
          return read(request, in, due);
        }
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        boolean polite =
            (response.statusCode() == 503 || response.statusCode() == 429)
                && response.headers().firstValue("retry-after").isPresent();
        return end(polite ? Outcome.REFUSED : Outcome.FAILED, response.statusCode() + " " + text);
      }
    } catch (IOException e) {
      return end(Outcome.FAILED, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return end(Outcome.LEFT, null);
    }
  }

  private static Result end(Outcome outcome, @Nullable String detail) {
    return new Result(outcome, 0, 0, 0, detail);
  }

  private static Result read(Request request, InputStream in, long due) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    int pieces = 0;
    int tokens = 0;
    long first = 0;
    long last = 0;
    boolean finished = false;
    String line;
    while ((line = lines.readLine()) != null) {
      if (pieces == request.leaveAfter) {
        return new Result(Outcome.LEFT, pieces, first, last, null);
      }
      if (line.equals("data: [DONE]")) {
        return new Result(
            finished ? Outcome.OK : Outcome.FAILED,
            Math.max(tokens, pieces),
            first,
            last,
            finished ? null : "the answer ended without a reason");
      } else if (line.startsWith("data: ")) {
        JsonNode chunk = JSON.readTree(line.substring(6));
        if (chunk.has("error")) {
          return end(Outcome.FAILED, line);
        }
        JsonNode choice = chunk.path("choices").path(0);
        if (!choice.path("text").asString(choice.at("/delta/content").asString("")).isEmpty()) {
          last = System.nanoTime() - due;
          if (pieces++ == 0) {
            first = last;
          }
        }
        finished |= choice.path("finish_reason").isString();
        tokens = chunk.at("/usage/completion_tokens").asInt(tokens);
      }
    }
    return end(Outcome.FAILED, "the stream ended early");
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }
}
