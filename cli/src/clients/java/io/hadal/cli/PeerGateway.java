package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** {@code hadal serve --gateway --platform} as a process of its own, before servers of others. */
final class PeerGateway implements AutoCloseable {
  /** What a customer pays for a token, in pico-USD. */
  static final long INPUT = 1_000_000;

  static final long CACHED = 100_000;
  static final long OUTPUT = 5_000_000;

  private final NodeProcess node;
  private final String cookie;
  private final String csrf;
  private final String key;

  /** An answer, and its attempts as they are recorded. */
  record Answer(HttpResponse<String> http, JsonNode attempts) {
    int status() {
      return http.statusCode();
    }

    String body() {
      return http.body();
    }

    JsonNode json() {
      return NodeProcess.json(http);
    }

    /** The pieces of a stream, without the word for its end. */
    List<JsonNode> events() {
      return body()
          .lines()
          .filter(l -> l.startsWith("data: ") && !l.equals("data: [DONE]"))
          .map(l -> Json.parse(l.substring(6).getBytes(StandardCharsets.UTF_8), "event"))
          .toList();
    }

    /** The text of a stream of Chat Completions. */
    String text() {
      StringBuilder text = new StringBuilder();
      events().forEach(e -> text.append(e.at("/choices/0/delta/content").asString("")));
      return text.toString();
    }

    String upstream() {
      return http.headers().firstValue("x-hadal-upstream").orElse("none");
    }

    /** The attempt that the customer pays. */
    JsonNode last() {
      return attempts.path(attempts.size() - 1);
    }

    /** In the order in which they were made. */
    List<String> outcomes() {
      return attempts.valueStream().map(a -> a.path("outcome").asString()).toList();
    }
  }

  /**
   * Starts it, with prices for what its upstreams answer.
   *
   * @param routing the parts {@code upstreams} and {@code routes} of the configuration
   * @param versions such as {@code upstream/model}
   */
  PeerGateway(Path folder, String routing, List<String> versions) throws Exception {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("serve.yaml"), "platform: {enabled: true}\n" + routing);
    node = new NodeProcess(folder, "gateway", "--gateway", "--port", "0");
    Matcher password = Pattern.compile("the password (\\S+),").matcher(Files.readString(node.err));
    assertThat(password.find()).isTrue();
    HttpResponse<String> in =
        node.send(
            node.request("/admin/v1/session")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"name\":\"administrator\",\"password\":\"" + password.group(1) + "\"}"))
                .build());
    cookie = in.headers().firstValue("set-cookie").orElseThrow().replaceFirst(";.*", "");
    csrf = NodeProcess.json(in).at("/csrf_token").asString();
    String project = admin("GET", "/projects", "").at("/data/0/id").asString();
    key =
        admin("POST", "/keys", "{\"name\":\"peers\",\"project\":\"" + project + "\"}")
            .at("/text")
            .asString();
    for (String version : versions) {
      admin(
          "POST",
          "/prices",
          """
          {"version": "%s", "source": "test", "prices": {"input": %d, "cache_read": %d,
           "cache_write": %d, "output": %d, "reasoning": %d}}
          """
              .formatted(version, INPUT, CACHED, INPUT, OUTPUT, OUTPUT));
    }
  }

  JsonNode admin(String method, String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        node.send(
            node.request("/admin/v1" + path)
                .header("cookie", cookie)
                .header("x-csrf-token", csrf)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build());
    assertThat(answer.statusCode()).as(path + ": " + answer.body()).isBetween(200, 299);
    return NodeProcess.json(answer);
  }

  /** Asks, and looks up what was recorded of it. */
  Answer post(String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        node.send(
            node.request(path)
                .header("authorization", "Bearer " + key)
                .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                .build());
    String id = answer.headers().firstValue("x-request-id").orElseThrow();
    // The journal reaches the database within moments.
    JsonNode attempts = attempts(id);
    for (int i = 0; i < 100 && !complete(answer.statusCode(), attempts); i++) {
      Thread.sleep(50);
      attempts = attempts(id);
    }
    return new Answer(answer, attempts);
  }

  /** Behind an answer stands an attempt that did not fail. */
  private static boolean complete(int status, JsonNode attempts) {
    String last = attempts.path(attempts.size() - 1).path("outcome").asString("");
    return status == 200 ? !last.isEmpty() && !last.equals("UPSTREAM_ERROR") : !last.isEmpty();
  }

  private JsonNode attempts(String id) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        node.send(node.request("/admin/v1/requests/" + id).header("cookie", cookie).GET().build());
    return NodeProcess.json(answer).path("data");
  }

  /** The books sum to zero, and nothing is held. */
  void balances() throws IOException, InterruptedException {
    assertThat(admin("POST", "/ledger/verify", "").toString()).contains("\"ok\":true");
    long sum = 0;
    for (JsonNode account : admin("GET", "/ledger/accounts", "").path("data")) {
      long balance = account.path("balance_nano").asLong();
      sum += balance;
      if (account.path("account").asString().startsWith("held")) {
        assertThat(balance).as(account.toString()).isZero();
      }
    }
    assertThat(sum).isZero();
  }

  /** What is recorded agrees with a usage of Chat Completions, and is charged at the prices. */
  static void agrees(JsonNode attempt, JsonNode usage) {
    long cached = usage.at("/prompt_tokens_details/cached_tokens").asLong(0);
    long written = usage.at("/prompt_tokens_details/cache_write_tokens").asLong(0);
    long input = usage.path("prompt_tokens").asLong() - cached - written;
    long output = usage.path("completion_tokens").asLong();
    String story = attempt + " of " + usage;
    assertThat(usage.path("prompt_tokens").asLong()).as(story).isPositive();
    assertThat(attempt.path("input_uncached").asLong()).as(story).isEqualTo(input);
    assertThat(attempt.path("cache_read").asLong()).as(story).isEqualTo(cached);
    assertThat(attempt.path("cache_write").asLong()).as(story).isEqualTo(written);
    assertThat(attempt.path("output_text").asLong() + attempt.path("output_reasoning").asLong())
        .as(story)
        .isEqualTo(output);
    assertThat(attempt.path("cost_nano").asLong())
        .as(story)
        .isEqualTo(((input + written) * INPUT + cached * CACHED + output * OUTPUT) / 1000);
    assertThat(attempt.path("estimated").asBoolean()).as(story).isFalse();
  }

  @Override
  public void close() {
    node.close();
  }
}
