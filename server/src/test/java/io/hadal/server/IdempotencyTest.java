package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.chat.Problem;
import io.hadal.server.RecordingExchange.Recording;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IdempotencyTest {
  private static final TestServer SERVER = new TestServer();

  @TempDir private Path folder = Path.of("");

  @AfterAll
  static void close() {
    SERVER.close();
  }

  private static String[] key(String key) {
    return new String[] {"idempotency-key", key};
  }

  private static long generated(TestServer server) {
    return server.served.dispatcher().stats().generatedTokens();
  }

  private static String code(HttpResponse<String> response) {
    return TestServer.json(response).at("/error/code").asString("");
  }

  private static int cached(HttpResponse<String> answer) {
    return TestServer.json(answer).at("/usage/prompt_tokens_details/cached_tokens").asInt();
  }

  @Test
  void withoutAPlatformTooNothingIsKeptOfARequestThatWantsIt() throws Exception {
    String ask =
        "{'model':'tiny','max_tokens':2,'messages':[{'role':'user','content':'once only'}]}";
    String[] wish = {"idempotency-key", "kept-from-it", "x-hadal-zdr", "true"};
    assertThat(SERVER.post("/v1/chat/completions", ask, wish).statusCode()).isEqualTo(200);
    assertThat(code(SERVER.post("/v1/chat/completions", ask, wish)))
        .isEqualTo("idempotency_replay_unavailable");
    // Others have left the tokens in front of it.
    assertThat(cached(SERVER.post("/v1/chat/completions", ask)))
        .isLessThan(cached(SERVER.post("/v1/chat/completions", ask)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "/v1/chat/completions | 'messages':[{'role':'user','content':'P'}],'max_tokens':4",
        "/v1/completions | 'prompt':'P','max_tokens':4",
        "/v1/responses | 'input':'P','max_output_tokens':4",
        "/v1/messages | 'messages':[{'role':'user','content':'P'}],'max_tokens':4",
        "/api/chat | 'messages':[{'role':'user','content':'P'}],'options':{'num_predict':4}",
        "/api/generate | 'prompt':'P','options':{'num_predict':4}"
      })
  void aRepetitionGetsTheSameBytes(String path, String fields) throws Exception {
    for (String stream : new String[] {"true", "false"}) {
      String ask = "{'model':'tiny','stream':" + stream + ",'more':1," + fields + "}";
      String[] key = key("same-" + stream);
      HttpResponse<String> first = SERVER.post(path, ask, key);
      assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
      assertThat(first.headers().firstValue("idempotent-replayed")).isEmpty();
      long tokens = generated(SERVER);
      HttpResponse<String> again = SERVER.post(path, ask, key);
      assertThat(again.statusCode()).isEqualTo(200);
      assertThat(again.body()).isEqualTo(first.body());
      assertThat(again.headers().firstValue("idempotent-replayed")).hasValue("true");
      for (String header : List.of("content-type", "x-hadal-model", "x-hadal-ignored-params")) {
        assertThat(again.headers().firstValue(header))
            .as(header)
            .isPresent()
            .isEqualTo(first.headers().firstValue(header));
      }
      assertThat(again.headers().firstValue("x-request-id"))
          .isNotEqualTo(first.headers().firstValue("x-request-id"));
      assertThat(generated(SERVER)).isEqualTo(tokens);

      HttpResponse<String> other = SERVER.post(path, ask.replace("'P'", "'Q'"), key);
      assertThat(other.statusCode()).isEqualTo(422);
      assertThat(other.headers().firstValue("x-should-retry")).hasValue("false");
      assertThat(TestServer.json(other).has("error")).isTrue();
    }
    SERVER.awaitLog("\"outcome\":\"replayed\"");
  }

  /** Lines of the log for requests. */
  private static List<String> lines(List<String> ids) {
    return SERVER.log.stream().filter(line -> ids.stream().anyMatch(line::contains)).toList();
  }

  @Test
  void requestsAtTheSameTimeRunOnce() throws Exception {
    for (String stream : new String[] {"true", "false"}) {
      String ask =
          "{'model':'tiny','stream':"
              + stream
              + ",'max_tokens':60,'temperature':1,'messages':[{'role':'user','content':'at once'}]}";
      // Lines of earlier requests may still come.
      List<String> ids = new ArrayList<>();
      List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        all.add(
            CompletableFuture.supplyAsync(
                () -> SERVER.post("/v1/chat/completions", ask, key("at-once" + stream)),
                Thread::startVirtualThread));
      }
      String answer = "";
      for (CompletableFuture<HttpResponse<String>> one : all) {
        HttpResponse<String> response = one.get(60, TimeUnit.SECONDS);
        ids.add(response.headers().firstValue("x-request-id").orElseThrow());
        if (response.statusCode() == 409) {
          assertThat(code(response)).isEqualTo("idempotency_in_progress");
          assertThat(response.headers().firstValue("retry-after")).hasValue("1");
          assertThat(response.headers().firstValue("x-should-retry")).hasValue("true");
        } else {
          assertThat(response.statusCode()).isEqualTo(200);
          answer = response.body();
        }
      }
      HttpResponse<String> later =
          SERVER.post("/v1/chat/completions", ask, key("at-once" + stream));
      assertThat(later.body()).isEqualTo(answer);
      assertThat(later.headers().firstValue("idempotent-replayed")).hasValue("true");
      ids.add(later.headers().firstValue("x-request-id").orElseThrow());
      while (lines(ids).size() < 7) {
        Thread.sleep(5);
      }
      assertThat(lines(ids)).filteredOn(l -> l.contains("\"outcome\":\"ok\"")).hasSize(1);
    }
  }

  @Test
  void whatFailsIsNotKept() {
    String[] key = key("fails");
    assertThat(SERVER.post("/v1/chat/completions", "{", key).statusCode()).isEqualTo(400);
    HttpResponse<String> again = SERVER.post("/v1/chat/completions", "{", key);
    assertThat(again.statusCode()).isEqualTo(400);
    assertThat(again.headers().firstValue("idempotent-replayed")).isEmpty();
    String ask = "{'model':'tiny','prompt':'x','max_tokens':1}";
    assertThat(SERVER.post("/v1/completions", ask, key).statusCode()).isEqualTo(200);
    assertThat(SERVER.post("/v1/completions", ask, key("k".repeat(256))).statusCode())
        .isEqualTo(400);
  }

  @Test
  void keysOfOthersAreOthers() throws Exception {
    Path keys = folder.resolve("keys");
    Files.writeString(keys, "alice sk-alice-0123456789\nbob sk-bob-0123456789ab\n");
    IdempotencyLimits none = new IdempotencyLimits(Duration.ofHours(1), 10, 0);
    ServerLimits limits =
        new ServerLimits(
            1 << 20,
            null,
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(1),
            none);
    String ask = "{'model':'tiny','prompt':'x','max_tokens':1}";
    try (TestServer server = new TestServer(KeyRing.read(keys), limits, 256, 16)) {
      String[] alice = {"x-api-key", "sk-alice-0123456789", "idempotency-key", "k"};
      String[] bob = {"x-api-key", "sk-bob-0123456789ab", "idempotency-key", "k"};
      assertThat(server.post("/v1/completions", ask, alice).statusCode()).isEqualTo(200);
      HttpResponse<String> other = server.post("/v1/completions", ask.replace("x", "y"), bob);
      assertThat(other.headers().firstValue("idempotent-replayed")).isEmpty();
      assertThat(other.statusCode()).isNotEqualTo(422);
      // Nothing is kept here, and still nothing runs twice.
      HttpResponse<String> again = server.post("/v1/completions", ask, alice);
      assertThat(again.statusCode()).isEqualTo(409);
      assertThat(code(again)).isEqualTo("idempotency_replay_unavailable");
    }
  }

  private static Recording answer(int bytes) {
    return new Recording(200, "text/plain", Map.of(), new byte[bytes], false);
  }

  private static Idempotency.Decision ask(Idempotency kept, String tenant, String key) {
    return kept.reserve(key, tenant, "/p", "body".getBytes(StandardCharsets.UTF_8));
  }

  private static void run(Idempotency kept, String tenant, String key, int bytes) {
    Idempotency.Entry entry = Objects.requireNonNull(ask(kept, tenant, key).entry());
    kept.release(entry, true, answer(bytes));
  }

  @Test
  void memoryIsBoundedAndShared() {
    Idempotency kept = new Idempotency(new IdempotencyLimits(Duration.ofHours(1), 20, 1000));
    run(kept, "small", "a", 100);
    for (int i = 0; i < 100; i++) {
      run(kept, "large", "k" + i, 300);
      assertThat(kept.bytes()).isLessThanOrEqualTo(1000);
      assertThat(kept.count()).isLessThanOrEqualTo(20);
    }
    assertThat(ask(kept, "small", "a").answer()).isNotNull();
    assertThat(ask(kept, "large", "k99").answer()).isNotNull();
    // The answer is gone, its key is not.
    assertThatThrownBy(() -> ask(kept, "large", "k95"))
        .isInstanceOfSatisfying(
            Problem.class, p -> assertThat(p.code()).isEqualTo("idempotency_replay_unavailable"));
    kept.limits(new IdempotencyLimits(Duration.ofHours(1), 1, 0));
    assertThat(kept.bytes()).isZero();
    assertThat(kept.count()).isEqualTo(1);
  }

  @Test
  void keysRunOutAndRunningOnesAreTaken() {
    Idempotency brief = new Idempotency(new IdempotencyLimits(Duration.ZERO, 20, 1000));
    run(brief, "t", "a", 10);
    assertThat(ask(brief, "t", "a").entry()).isNotNull();

    Idempotency kept = new Idempotency(IdempotencyLimits.DEFAULT);
    Idempotency.Entry running = Objects.requireNonNull(ask(kept, "t", "a").entry());
    assertThatThrownBy(() -> ask(kept, "t", "a"))
        .isInstanceOfSatisfying(
            Problem.class, p -> assertThat(p.code()).isEqualTo("idempotency_in_progress"));
    kept.release(running, false, null);
    // Whoever comes next takes the place of one that failed.
    assertThat(ask(kept, "t", "a").entry()).isNotNull();
  }
}
