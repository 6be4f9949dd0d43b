package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.server.http.BodyMemory;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class OperationsTest {
  private static final TestServer SERVER = new TestServer();
  private static final String ASK =
      "{'model':'tiny','max_tokens':3,'messages':[{'role':'user','content':'canary'}]}";

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  @Test
  void figuresForPrometheus() {
    SERVER.post("/v1/chat/completions", ASK);
    SERVER.post("/v1/chat/completions", "{");
    assertThat(SERVER.post("/v1/chat/completions", "[".repeat(300)).body())
        .contains("nesting depth")
        .doesNotContain("Constraints");
    String text = SERVER.get("/metrics").body();
    assertThat(text)
        .contains(
            "llm_requests_total{",
            "outcome=\"ok\"",
            "outcome=\"invalid_json\"",
            "llm_time_to_first_token_seconds_bucket",
            "llm_tokens_total{kind=\"output\"",
            "llm_queue_depth{class=\"interactive\"",
            "gen_ai_server_request_duration",
            "llm_cost_nanousd_total{model=\"tiny\"}",
            "jvm_gc_",
            "jvm_threads_live_threads",
            "process_cpu_usage",
            "process_uptime_seconds",
            "llm_kv_cache_bytes")
        .doesNotContain("canary");
  }

  @Test
  void theLogHasWhatClientsCallTheirRequests() throws Exception {
    SERVER.post(
        "/v1/chat/completions", ASK, "x-request-id", "mine-1", "x-stainless-retry-count", "2");
    SERVER.awaitLog("\"client_request_id\":\"mine-1\",\"retry\":2");
    HttpResponse<String> both =
        SERVER.post(
            "/v1/chat/completions",
            ASK,
            "x-client-request-id",
            "mine-2",
            "x-request-id",
            "mine-3",
            "x-stainless-retry-count",
            "-1");
    SERVER.awaitLog("\"client_request_id\":\"mine-2\"}");
    assertThat(both.headers().firstValue("x-request-id").orElse("")).startsWith("req_");
  }

  @Test
  void healthTellsWarmUpAndSlowPaths() {
    assertThat(SERVER.get("/health").body())
        .contains("\"status\":\"ready\"")
        .contains("\"warm_up\":{\"state\":\"off\",\"progress\":1.0")
        .contains("\"slow_paths\":[");
    assertThat(SERVER.get("/metrics").body())
        .contains("llm_warm_up_progress{")
        .contains("llm_slow_paths");
    assertThat(SERVER.get("/readyz").body()).isEqualTo("ready\n");
    for (String probe : List.of("/healthz", "/readyz")) {
      var head = SERVER.send(SERVER.request(probe).HEAD().build());
      assertThat(head.statusCode()).as(probe).isEqualTo(200);
    }
  }

  private static double figure(String name) {
    return SERVER
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aServiceTierChoosesTheClass() {
    SERVER.post(
        "/v1/responses",
        "{'model':'tiny','max_output_tokens':1,'service_tier':'flex','input':'a'}");
    SERVER.post("/v1/chat/completions", tools("priority"));
    assertThat(SERVER.get("/metrics").body())
        .contains("llm_queue_wait_seconds_count{class=\"batch\"}")
        .doesNotContain("class=\"agent\"} 1");
    SERVER.post("/v1/chat/completions", tools("auto"));
    assertThat(SERVER.get("/metrics").body())
        .contains("llm_queue_wait_seconds_count{class=\"agent\"} 1");
  }

  private static String tools(String tier) {
    return ASK.replace(
        "'max_tokens'",
        "'service_tier':'"
            + tier
            + "','tools':[{'type':'function','function':{'name':'f'}}],'max_tokens'");
  }

  /** Also for who closes behind it, as proxies do: without its last chunk a stream looks cut. */
  @Test
  void aStreamHasItsEndWhereTheConnectionCloses() throws Exception {
    String body = ASK.replace("'max_tokens'", "'stream':true,'max_tokens'").replace('\'', '"');
    try (Socket socket = new Socket("127.0.0.1", SERVER.server.port())) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
                      + "content-type: application/json\r\ncontent-length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body)
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).contains("[DONE]").endsWith("\r\n0\r\n\r\n");
    }
  }

  @Test
  void theLogSaysWhatWasAnswered() throws Exception {
    assertThat(logged(SERVER.post("/v1/chat/completions", ASK)))
        .contains("\"status\":200", "\"model\":\"tiny");
    assertThat(logged(SERVER.post("/v1/chat/completions", ASK.replace("tiny", "canary"))))
        .contains("\"status\":404")
        .doesNotContain("canary");
  }

  /** Its line, which is written when the client has the answer. */
  private static String logged(HttpResponse<String> answer) throws InterruptedException {
    String id = answer.headers().firstValue("x-request-id").orElseThrow();
    long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
    while (SERVER.log.stream().noneMatch(line -> line.contains(id))) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(5);
    }
    return SERVER.log.stream().filter(line -> line.contains(id)).findFirst().orElseThrow();
  }

  @Test
  void longBodiesAreCountedAsLongAsTheirRequestsRun() throws Exception {
    assertThat(figure("llm_request_body_bytes")).isZero();
    String filler = ",'metadata':{'a':'" + "x".repeat(100_000) + "'}";
    try (Socket socket =
        ConnectionsTest.post(
            SERVER, ConnectionsTest.endless(SERVER, ",'stream':true,'max_tokens':900" + filler))) {
      assertThat(socket.getInputStream().read()).isPositive();
      assertThat(figure("llm_request_body_bytes")).isBetween(100_000d, 1e6);
    }
    SERVER.awaitIdle();
    long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
    while (figure("llm_request_body_bytes") > 0) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  @Test
  void largeBodiesWaitForMemoryAndAreRefusedWithoutIt() throws Exception {
    class Large extends NoExchange {
      private final int bytes;

      Large(int bytes) {
        this.bytes = bytes;
      }

      @Override
      public byte[] body(long limit, LongConsumer grows) {
        grows.accept(bytes);
        return new byte[bytes];
      }
    }
    BodyMemory memory = new BodyMemory(40_000_000, Duration.ofMillis(20));
    try (var huge = memory.count(new Large(5_000_000))) {
      assertThat(huge.body(1 << 30)).as("alone it passes").hasSize(5_000_000);
      try (var small = memory.count(new Large(1000));
          var other = memory.count(new Large(1_000_000))) {
        assertThat(small.body(1 << 30)).hasSize(1000);
        assertThatThrownBy(() -> other.body(1 << 30)).isInstanceOf(BodyMemory.FullException.class);
        huge.bodyTaken();
        assertThat(other.body(1 << 30)).as("what was read takes less").hasSize(1_000_000);
      }
    }
    assertThat(memory.used()).isZero();
  }

  /** What a header says takes nothing from others: a body has to arrive. */
  @Test
  void announcedBodiesTakeMemoryAsTheyArrive() throws Exception {
    try (Socket slow = new Socket("127.0.0.1", SERVER.server.port())) {
      slow.getOutputStream()
          .write(
              ("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type:"
                      + " application/json\r\ncontent-length: 24000000\r\n\r\n"
                      + " ".repeat(100_000))
                  .getBytes(StandardCharsets.UTF_8));
      slow.getOutputStream().flush();
      long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
      while (figure("llm_request_body_bytes") < 12 * 100_000) {
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.sleep(5);
      }
      assertThat(figure("llm_request_body_bytes")).isLessThan(12 * 300_000);
    }
    long end = System.nanoTime() + TestServer.PATIENCE.toNanos();
    while (figure("llm_request_body_bytes") > 0) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }
}
