package io.hadal.server;

import static io.hadal.server.ScriptedUpstream.DONE;
import static io.hadal.server.ScriptedUpstream.ROLE;
import static io.hadal.server.ScriptedUpstream.STOP;
import static io.hadal.server.ScriptedUpstream.USAGE;
import static io.hadal.server.ScriptedUpstream.answer;
import static io.hadal.server.ScriptedUpstream.cut;
import static io.hadal.server.ScriptedUpstream.endless;
import static io.hadal.server.ScriptedUpstream.good;
import static io.hadal.server.ScriptedUpstream.silence;
import static io.hadal.server.ScriptedUpstream.stream;
import static io.hadal.server.ScriptedUpstream.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.ScriptedUpstream.Reply;
import io.hadal.server.routing.BackendState;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Upstreams that fail in every way they can (platform specification, 2.8 and test 13). */
class RoutingFaultsTest {
  @TempDir private Path folder = Path.of("");

  private final ScriptedUpstream a = new ScriptedUpstream();
  private final ScriptedUpstream b = new ScriptedUpstream();
  private Gateway gateway;

  @BeforeEach
  void open() {
    gateway = new Gateway(folder, Gateway.two(a, b, "timeouts: {first_token_millis: 400}"));
  }

  @AfterEach
  void close() {
    gateway.close();
    a.close();
    b.close();
  }

  private static final String ERROR = "{\"error\":{\"message\":\"secret words\"}}";

  static Stream<Map.Entry<String, Reply>> faults() {
    return Map.<String, Reply>of(
        "status 429", answer(429, ERROR),
        "status 429, later", answer(429, ERROR, "retry-after: 30"),
        "status 408", answer(408, ERROR),
        "status 500", answer(500, ERROR),
        "status 503", answer(503, ERROR),
        "status 529", answer(529, ERROR),
        "status 404", answer(404, ERROR),
        "no first token", silence(),
        "an error behind 200", stream("data: " + ERROR + "\n\n"),
        "no JSON", stream("data: {\"choices\":[\n\n"))
        .entrySet()
        .stream();
  }

  @ParameterizedTest
  @MethodSource("faults")
  void beforeTheFirstTokenAnotherUpstreamAnswers(Map.Entry<String, Reply> fault) {
    a.then(fault.getValue());
    b.then(good());
    HttpResponse<String> answer = gateway.chat(true);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo(ROLE + text("Hello") + text(" there") + STOP + DONE);
    assertThat(answer.headers().firstValue("x-hadal-upstream")).hasValue("b");
    assertThat(answer.headers().firstValue("x-hadal-model")).hasValue("b/theirs");
    assertThat(gateway.gate.outcomes()).containsExactly(Outcome.UPSTREAM_ERROR, Outcome.COMPLETED);
    assertThat(gateway.gate.backends()).containsExactly("a", "b");
    assertThat(gateway.gate.events.stream().map(e -> e.work().attempt())).containsExactly(1, 2);
    assertThat(gateway.gate.events.getFirst().ending().quantities()).isEqualTo(Quantities.NONE);
    assertThat(gateway.gate.events.getLast().ending().quantities())
        .isEqualTo(Quantities.tokens(4, 8, 0, 3, 0));
    assertThat(String.join("\n", gateway.server.log)).doesNotContain("secret words");
  }

  @Test
  void noConnectionIsAReasonToGoOn() {
    a.close();
    b.then(good());
    assertThat(gateway.chat(true).headers().firstValue("x-hadal-upstream")).hasValue("b");
    assertThat(gateway.gate.backends()).containsExactly("a", "b");
  }

  /** The body of a streamed answer, as it comes. */
  private InputStream streamed() throws Exception {
    HttpRequest request =
        gateway
            .server
            .request("/v1/chat/completions")
            .header("content-type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\":\"m\",\"stream\":true,\"messages\":[]}"))
            .build();
    return gateway.server.http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static Stream<Reply> cuts() {
    return Stream.of(
        cut(ROLE, text("Hello")),
        stream(ROLE, text("Hello")),
        stream(ROLE, text("Hello"), "data: {nonsense\n\n"),
        stream(ROLE, text("Hello"), "data: {\"error\":{\"message\":\"broken\"}}\n\n"));
  }

  @ParameterizedTest
  @MethodSource("cuts")
  void behindTheFirstTokenThereIsAnErrorAndNoOtherUpstream(Reply cut) {
    a.then(cut);
    b.then(good());
    HttpResponse<String> answer = gateway.chat(true);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).startsWith(ROLE + text("Hello")).doesNotContain("[DONE]");
    assertThat(TestServer.events(answer.body()).getLast().json().has("error")).isTrue();
    assertThat(b.requests).isEmpty();
    Ending ending = gateway.gate.events.getFirst().ending();
    assertThat(ending.outcome()).isEqualTo(Outcome.UPSTREAM_CUT);
    assertThat(ending.estimated()).isTrue();
    // Five letters; the words of an error are no output.
    assertThat(ending.quantities().output()).isEqualTo(2);
    assertThat(ending.upstreamRequestId()).isEqualTo("up_1");
  }

  @Test
  void earlierEventsGoOutWhileTheEndIsWrittenDown() throws Exception {
    a.then(stream(ROLE, text("Hello"), STOP, USAGE + DONE));
    CountDownLatch written = new CountDownLatch(1);
    gateway.gate.device = () -> await(written);
    InputStream body = streamed();
    String all = ROLE + text("Hello") + STOP;
    assertThat(new String(body.readNBytes(all.length()), StandardCharsets.UTF_8)).isEqualTo(all);
    TimeUnit.MILLISECONDS.sleep(30);
    assertThat(body.available()).isZero();
    written.countDown();
    assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(DONE);
    assertThat(gateway.gate.outcomes()).containsExactly(Outcome.COMPLETED);
  }

  /** A client that asks again waits for the end of the body, not for the last event alone. */
  @Test
  void anAnswerEndsBeforeTheConnectionOfTheUpstreamDoes() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    a.then(
        (out, self) -> {
          cut(ROLE, text("Hello"), STOP, USAGE + DONE).write(out, self);
          await(over);
        });
    InputStream body = streamed();
    String all = ROLE + text("Hello") + STOP + DONE;
    assertThat(new String(body.readNBytes(all.length()), StandardCharsets.UTF_8)).isEqualTo(all);
    long last = System.nanoTime();
    assertThat(body.read()).isNegative();
    // The rest of the upstream's answer is waited for 500 ms long.
    assertThat(System.nanoTime() - last).isLessThan(TimeUnit.MILLISECONDS.toNanos(400));
    over.countDown();
  }

  @Test
  void aSilentStreamIsCut() {
    gateway.configure(Gateway.two(a, b, "timeouts: {idle_millis: 300}"));
    a.then(
        (out, self) -> {
          cut(ROLE, text("Hello")).write(out, self);
          self.hungUp.await(20, TimeUnit.SECONDS);
        });
    HttpResponse<String> answer = gateway.chat(true);
    assertThat(TestServer.events(answer.body()).getLast().json().has("error")).isTrue();
    assertThat(gateway.gate.outcomes()).containsExactly(Outcome.UPSTREAM_CUT);
  }

  /** An answer whose body begins and does not end: the length is known, or comes in chunks. */
  private static Reply stalled(int status, boolean chunked) {
    return (out, self) -> {
      String length = chunked ? "transfer-encoding: chunked" : "content-length: 500";
      String begun = "{\"id\":\"c\",\"choices\":[";
      out.write(
          ScriptedUpstream.bytes(
              "HTTP/1.1 " + status + " x\r\ncontent-type: application/json\r\n" + length));
      out.write(ScriptedUpstream.bytes("\r\n\r\n" + (chunked ? "c8\r\n" : "") + begun));
      out.flush();
      self.hungUp.await(20, TimeUnit.SECONDS);
    };
  }

  private static final String WHOLE =
      "{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
          + "\"content\":\"Hello\"},\"finish_reason\":\"stop\"}],"
          + "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3,\"total_tokens\":15}}";

  /** By the time between two pieces, long before the time for the whole answer is over. */
  @Test
  void aWholeAnswerThatStopsInTheMiddleIsTriedElsewhere() {
    gateway.configure(Gateway.two(a, b, "timeouts: {idle_millis: 200}"));
    a.then(stalled(200, false), stalled(200, true), stalled(500, false));
    b.then(answer(200, WHOLE));
    for (int i = 0; i < 3; i++) {
      HttpResponse<String> answer = gateway.chat(false);
      assertThat(answer.body()).isEqualTo(WHOLE);
      assertThat(answer.headers().firstValue("x-hadal-upstream")).hasValue("b");
    }
    assertThat(gateway.gate.outcomes())
        .containsExactly(
            Outcome.UPSTREAM_ERROR, Outcome.COMPLETED,
            Outcome.UPSTREAM_ERROR, Outcome.COMPLETED,
            Outcome.UPSTREAM_ERROR, Outcome.COMPLETED);
    assertThat(gateway.gate.events.getFirst().ending().quantities()).isEqualTo(Quantities.NONE);
    assertThat(gateway.server.figures())
        .contains("llm_upstream_attempts_total{backend=\"a\",result=\"timeout\"} 3.0");
  }

  @Test
  void aWholeAnswerThatStopsEverywhereIsA502() {
    gateway.configure(Gateway.two(a, b, "timeouts: {idle_millis: 100}"));
    a.then(stalled(200, false));
    b.then(stalled(200, true));
    HttpResponse<String> answer = gateway.chat(false);
    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).contains("upstream_error").doesNotContain("choices");
    assertThat(gateway.gate.outcomes()).containsOnly(Outcome.UPSTREAM_ERROR).hasSize(3);
  }

  /** Slow is not silent; but the time for the whole holds as well. */
  @Test
  void aWholeAnswerMayComeInPiecesUntilItsTimeIsOver() {
    gateway.configure(Gateway.two(a, b, "timeouts: {idle_millis: 400, whole_millis: 1000}"));
    Reply slow =
        (out, self) -> {
          out.write(
              ScriptedUpstream.bytes(
                  "HTTP/1.1 200 x\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"));
          for (String piece : WHOLE.split("(?=\"usage\"|\"choices\"|\"message\")")) {
            Thread.sleep(150);
            out.write(ScriptedUpstream.bytes(piece));
            out.flush();
          }
        };
    Reply drip =
        (out, self) -> {
          out.write(
              ScriptedUpstream.bytes("HTTP/1.1 200 x\r\ncontent-type: application/json\r\n\r\n"));
          for (int i = 0; i < 100; i++) {
            Thread.sleep(50);
            out.write(' ');
            out.flush();
          }
        };
    a.then(slow, drip);
    b.then(answer(200, WHOLE));
    assertThat(gateway.chat(false).headers().firstValue("x-hadal-upstream")).hasValue("a");
    assertThat(gateway.chat(false).headers().firstValue("x-hadal-upstream")).hasValue("b");
    assertThat(gateway.server.figures())
        .contains("llm_upstream_attempts_total{backend=\"a\",result=\"timeout\"} 1.0");
  }

  @Test
  void aServerThatGoesDownSaysSoInTheStream() throws Exception {
    a.then(
        (out, self) -> {
          cut(ROLE, text("Hello")).write(out, self);
          self.hungUp.await(20, TimeUnit.SECONDS);
        });
    String begun = ROLE + text("Hello");
    try (InputStream body = streamed()) {
      assertThat(new String(body.readNBytes(begun.length()), StandardCharsets.UTF_8))
          .isEqualTo(begun);
      gateway.server.server.endRunning();
      String rest = new String(body.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(TestServer.events(rest).getLast().json().at("/error/code").asString())
          .isEqualTo("server_draining");
    }
    Ending ending = gateway.gate.events.getFirst().ending();
    assertThat(ending.outcome()).isEqualTo(Outcome.DRAINED);
    assertThat(ending.quantities().output()).isEqualTo(2);
    assertThat(b.requests).isEmpty();
  }

  @Test
  void whatTheClientDidWrongIsNotTriedAgain() {
    String body = "{\"error\": {\"message\": \"bad field\", \"x\":1}}";
    a.then(answer(400, body));
    b.then(good());
    HttpResponse<String> answer = gateway.chat(true);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).isEqualTo(body);
    assertThat(answer.headers().firstValue("x-should-retry")).hasValue("false");
    assertThat(b.requests).isEmpty();
    assertThat(gateway.gate.outcomes()).containsExactly(Outcome.UPSTREAM_ERROR);
  }

  @Test
  void afterThreeAttemptsItIsA502WithoutTheirWords() {
    a.then(answer(500, ERROR));
    b.then(answer(503, ERROR));
    HttpResponse<String> answer = gateway.chat(true);
    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).contains("upstream_error").doesNotContain("secret words");
    assertThat(gateway.gate.backends()).containsExactly("a", "b", "a");
  }

  @Test
  void errorsOfAnthropicComeByteForByte() {
    gateway.configure(
        "upstreams:\n" + Gateway.upstream("a", a.port(), "format: anthropic, keys: ['file:key1']"));
    for (int status : new int[] {400, 413, 529}) {
      String body =
          "{ \"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":\"prompt is too long:"
              + " 9 tokens > 8 maximum \\u00e9\"}, \"request_id\" : \"req_up\" }";
      ScriptedUpstream fresh = new ScriptedUpstream().then(answer(status, body));
      gateway.configure(
          "upstreams:\n" + Gateway.upstream("a" + status, fresh.port(), "format: anthropic"));
      HttpResponse<String> answer =
          gateway.server.post(
              "/v1/messages",
              "{'model':'m','max_tokens':5,'messages':[{'role':'user','content':'Hi'}]}");
      assertThat(answer.statusCode()).isEqualTo(status);
      assertThat(answer.body()).isEqualTo(body);
      fresh.close();
    }
  }

  @Test
  void aShortWaitIsWaitedForAtTheSameUpstream() {
    a.then(answer(429, ERROR, "retry-after-ms: 50"), good());
    b.then(good());
    assertThat(gateway.chat(true).statusCode()).isEqualTo(200);
    assertThat(gateway.gate.backends()).containsExactly("a", "a");
  }

  @Test
  void aRefusedKeyIsOutAndSomebodyHears() {
    gateway.configure(
        "upstreams:\n" + Gateway.upstream("a", a.port(), "keys: ['file:key1', 'file:key2']"));
    List<String> alerts = new CopyOnWriteArrayList<>();
    gateway.server.server.router().alerts((name, key, status) -> alerts.add(name + key + status));
    a.then(answer(401, ERROR), good());
    assertThat(gateway.chat(true).statusCode()).isEqualTo(200);
    assertThat(gateway.chat(true).statusCode()).isEqualTo(200);
    assertThat(a.requests.stream().map(r -> r.header("authorization")))
        .containsExactly("Bearer sk-first", "Bearer sk-second", "Bearer sk-second");
    assertThat(alerts).containsExactly("a0401");
    assertThat(gateway.server.server.router().states().getFirst().keys())
        .containsExactly("refused 401", "ok");
    assertThat(gateway.server.server.router().states().toString()).doesNotContain("sk-");
  }

  @Test
  void withoutAnyKeyItIsNoFaultOfTheClient() {
    gateway.configure("upstreams:\n" + Gateway.upstream("a", a.port(), "keys: ['file:key1']"));
    a.then(answer(402, ERROR));
    assertThat(gateway.chat(true).statusCode()).isEqualTo(502);
    assertThat(gateway.chat(true).statusCode()).isEqualTo(503);
    assertThat(a.requests).hasSize(1);
  }

  @Test
  void aBreakerOpensAndTheOtherUpstreamAnswersAtOnce() {
    a.then(answer(500, ERROR));
    b.then(good());
    for (int i = 0; i < 12; i++) {
      assertThat(gateway.chat(true).statusCode()).isEqualTo(200);
    }
    assertThat(a.requests).hasSize(10);
    assertThat(gateway.server.server.router().states().getFirst().lanes().values())
        .extracting(BackendState.LaneState::breaker)
        .containsExactly("open");
    assertThat(gateway.server.figures())
        .contains("llm_breaker_state{backend=\"a\",model=\"theirs\"} 2.0")
        .contains("llm_upstream_attempts_total{backend=\"a\",result=\"status_500\"} 10.0")
        .contains("llm_upstream_attempts_total{backend=\"b\",result=\"ok\"} 12.0");
  }

  @Test
  void retriesHaveABudget() {
    gateway.configure("upstreams:\n" + Gateway.upstream("a", a.port(), ""));
    // A good answer between bad ones keeps the breaker closed.
    Reply bad = answer(503, ERROR);
    a.then(bad);
    int requests = 0;
    for (int i = 0; i < 9; i++) {
      gateway.chat(true);
      requests++;
      gateway.configure("upstreams:\n" + Gateway.upstream("a" + i, a.port(), ""));
    }
    // Two more attempts each would be 27: twenty are there from the beginning, a tenth is earned.
    assertThat(a.requests.size()).isBetween(requests + 15, requests + 20);
    gateway.chat(true);
    gateway.chat(true);
    assertThat(a.requests.size()).isLessThanOrEqualTo(requests + 2 + 21);
  }

  @Test
  void aClientThatLeavesClosesTheUpstream() throws Exception {
    a.then(endless(ROLE, text("more")));
    HttpRequest request =
        gateway
            .server
            .request("/v1/chat/completions")
            .header("content-type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\","
                        + "\"content\":\"Hi\"}]}"))
            .build();
    HttpResponse<InputStream> response =
        gateway.server.http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    response.body().readNBytes(300);
    response.body().close();
    assertThat(a.hungUp.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(gateway.gate.await(1).getFirst().ending().outcome()).isEqualTo(Outcome.CLIENT_LEFT);
    assertThat(gateway.gate.events.getFirst().ending().estimated()).isTrue();
  }

  @Test
  void aBudgetThatEndsInTheMiddleClosesTheUpstream() throws Exception {
    a.then(endless(ROLE, text("many more words than before")));
    gateway.gate.mostTokens = 100;
    HttpResponse<String> answer = gateway.chat(true);
    assertThat(TestServer.events(answer.body()).getLast().data()).contains("budget_exhausted");
    assertThat(a.hungUp.await(10, TimeUnit.SECONDS)).isTrue();
    Ending ending = gateway.gate.events.getFirst().ending();
    assertThat(ending.outcome()).isEqualTo(Outcome.BUDGET_EXHAUSTED);
    assertThat(ending.quantities().output()).isBetween(100L, 140L);
  }

  @Test
  void usageThatOnlyWeAskedForIsKeptFromTheClient() {
    a.then(good());
    assertThat(gateway.chat(true).body()).doesNotContain("prompt_tokens");
    assertThat(a.requests.getFirst().body())
        .contains("\"stream_options\":{\"include_usage\":true}");
    HttpResponse<String> asked =
        gateway.server.post(
            "/v1/chat/completions",
            "{'model':'m','stream':true,'stream_options':{'include_usage':true},"
                + "'messages':[{'role':'user','content':'Hi'}]}");
    assertThat(asked.body()).contains(USAGE);
  }

  @Test
  void aStreamWithoutDoneIsCompleteWhenItSaysWhyItEnded() throws IOException {
    a.then(stream(ROLE, text("Hello"), STOP));
    assertThat(gateway.chat(true).body()).isEqualTo(ROLE + text("Hello") + STOP);
    assertThat(gateway.gate.outcomes()).containsExactly(Outcome.COMPLETED);
    assertThat(gateway.gate.events.getFirst().ending().estimated()).isTrue();
  }
}
