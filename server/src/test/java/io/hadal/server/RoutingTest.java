package io.hadal.server;

import static io.hadal.server.ScriptedUpstream.answer;
import static io.hadal.server.ScriptedUpstream.good;
import static io.hadal.server.ScriptedUpstream.stream;
import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.tenancy.ProjectPolicy;
import io.hadal.platform.tenancy.Scope;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.server.admin.AdminCall;
import io.hadal.server.admin.BackendEndpoints;
import io.hadal.server.admin.Endpoint;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Requests for models of others: pass-through, conversion, choice (platform specification 2.8). */
class RoutingTest {
  private static final TestServer REPLICA = new TestServer();

  @TempDir private Path folder = Path.of("");

  private final ScriptedUpstream a = new ScriptedUpstream();
  private final ScriptedUpstream b = new ScriptedUpstream();
  private Gateway gateway;

  @BeforeEach
  void open() {
    gateway = new Gateway(folder, "upstreams:\n" + Gateway.upstream("a", a.port(), ""));
  }

  @AfterEach
  void close() {
    gateway.close();
    a.close();
    b.close();
  }

  @AfterAll
  static void closeReplica() {
    REPLICA.close();
  }

  private void replica(String speaks) {
    gateway.configure(
        "upstreams:\n  - {name: replica, url: '"
            + REPLICA.url("")
            + "', models: {far: tiny}, speaks: ["
            + speaks
            + "], prices: {input: 1, output: 2}, probe_seconds: 0}\n");
  }

  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, chat",
    "/v1/messages, messages",
    "/v1/responses, responses",
    "/v1/completions, completions"
  })
  void aReplicaAnswersAsIfItHadBeenAskedItself(String path, String speaks) {
    replica(speaks);
    String prompt =
        switch (speaks) {
          case "completions" -> "'prompt':'one two'";
          case "responses" -> "'input':'one two'";
          default -> "'messages':[{'role':'user','content':'one two'}]";
        };
    String limit = speaks.equals("responses") ? "'max_output_tokens':9" : "'max_tokens':9";
    String body = prompt + "," + limit + ",'temperature':0}";
    JsonNode whole = TestServer.json(gateway.server.post(path, "{'model':'far'," + body));
    JsonNode direct = TestServer.json(REPLICA.post(path, "{'model':'tiny'," + body));
    for (String field : List.of("usage", "choices", "content")) {
      JsonNode expected = direct.get(field);
      if (expected != null && !field.equals("usage")) {
        assertThat(whole.get(field)).isEqualTo(expected);
      }
    }
    HttpResponse<String> streamed =
        gateway.server.post(path, "{'model':'far','stream':true," + body);
    assertThat(streamed.headers().firstValue("content-type"))
        .hasValue("text/event-stream; charset=utf-8");
    assertThat(TestServer.events(streamed.body()).size()).isGreaterThan(2);
    // The replica's own count is what was recorded, and priced.
    for (RecordingGate.Event event : gateway.gate.events) {
      Quantities took = event.ending().quantities();
      assertThat(took.output()).isEqualTo(9);
      assertThat(event.ending().outcome()).isEqualTo(Outcome.LENGTH);
      assertThat(event.ending().estimated()).isFalse();
      assertThat(event.ending().upstreamCost())
          .isEqualTo(took.input() * 1000 + took.output() * 2000);
      assertThat(event.work().modelVersion()).isEqualTo("replica/tiny");
    }
    assertThat(gateway.gate.events).hasSize(2);
  }

  @Test
  void chatReachesAnUpstreamThatSpeaksMessagesOnly() {
    replica("messages");
    String body =
        "'messages':[{'role':'system','content':'Short.'},{'role':'user','content':'one two'}],"
            + "'max_tokens':9,'temperature':0}";
    JsonNode whole =
        TestServer.json(gateway.server.post("/v1/chat/completions", "{'model':'far'," + body));
    JsonNode direct =
        TestServer.json(REPLICA.post("/v1/chat/completions", "{'model':'tiny'," + body));
    assertThat(whole.at("/choices/0/message/content"))
        .isEqualTo(direct.at("/choices/0/message/content"));
    assertThat(whole.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
    assertThat(whole.at("/usage/completion_tokens").intValue()).isEqualTo(9);
    HttpResponse<String> streamed =
        gateway.server.post(
            "/v1/chat/completions",
            "{'model':'far','stream':true,'stream_options':{'include_usage':true}," + body);
    List<TestServer.Event> events = TestServer.events(streamed.body());
    assertThat(events.getLast().data()).isEqualTo("[DONE]");
    StringBuilder text = new StringBuilder();
    for (TestServer.Event event : events.subList(0, events.size() - 1)) {
      text.append(event.json().at("/choices/0/delta/content").asString(""));
    }
    assertThat(text.toString()).isEqualTo(direct.at("/choices/0/message/content").stringValue());
    assertThat(events.get(events.size() - 2).json().at("/usage/completion_tokens").intValue())
        .isEqualTo(9);
  }

  @Test
  void messagesReachAnUpstreamThatSpeaksChatOnly() {
    replica("chat");
    String body =
        "'system':[{'type':'text','text':'x-anthropic-billing-header: v'},"
            + "{'type':'text','text':'Short.'}],"
            + "'messages':[{'role':'user','content':[{'type':'text','text':'one two'}]}],"
            + "'max_tokens':9,'temperature':0}";
    JsonNode whole = TestServer.json(gateway.server.post("/v1/messages", "{'model':'far'," + body));
    JsonNode direct = TestServer.json(REPLICA.post("/v1/messages", "{'model':'tiny'," + body));
    assertThat(whole.at("/content/0/text")).isEqualTo(direct.at("/content/0/text"));
    assertThat(whole.get("stop_reason").stringValue()).isEqualTo("max_tokens");
    assertThat(whole.at("/usage/output_tokens").intValue()).isEqualTo(9);
    HttpResponse<String> streamed =
        gateway.server.post("/v1/messages", "{'model':'far','stream':true," + body);
    List<TestServer.Event> events = TestServer.events(streamed.body());
    assertThat(events.getFirst().name()).isEqualTo("message_start");
    assertThat(events.getLast().name()).isEqualTo("message_stop");
    assertThat(events.get(events.size() - 2).json().at("/usage/output_tokens").intValue())
        .isEqualTo(9);
  }

  @Test
  void toolCallsSurviveTheWayThereAndBack() {
    gateway.configure("upstreams:\n" + Gateway.upstream("a", a.port(), "format: anthropic"));
    a.then(
        stream(
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":"
                + "{\"input_tokens\":5,\"cache_read_input_tokens\":7,\"output_tokens\":1}}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
                + "\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_9\",\"name\":\"ls\","
                + "\"input\":{}}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                + "\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":\"}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
                + "\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"1}\"}}\n\n",
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
                + "\"tool_use\"},\"usage\":{\"output_tokens\":11}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    String tools =
        "'tools':[{'type':'function','function':{'name':'ls','parameters':{'type':'object'}}}],";
    HttpResponse<String> first =
        gateway.server.post(
            "/v1/chat/completions",
            "{'model':'m','stream':true," + tools + "'messages':[{'role':'user','content':'Hi'}]}");
    String id = "";
    StringBuilder arguments = new StringBuilder();
    for (TestServer.Event event : TestServer.events(first.body())) {
      if (!event.data().equals("[DONE]")) {
        JsonNode call = event.json().at("/choices/0/delta/tool_calls/0");
        id += call.path("id").asString("");
        arguments.append(call.at("/function/arguments").asString(""));
      }
    }
    assertThat(arguments.toString()).isEqualTo("{\"a\":1}");
    assertThat(gateway.gate.events.getFirst().ending().quantities())
        .isEqualTo(Quantities.tokens(5, 7, 0, 11, 0));
    gateway.server.post(
        "/v1/chat/completions",
        "{'model':'m','stream':true,"
            + tools
            + "'messages':[{'role':'user','content':'Hi'},"
            + "{'role':'assistant','content':null,'tool_calls':[{'id':'"
            + id
            + "','type':'function','function':{'name':'ls','arguments':'{}'}}]},"
            + "{'role':'tool','tool_call_id':'"
            + id
            + "','content':'x'}]}");
    JsonNode sent = TestServer.json(a.requests.getLast().body());
    assertThat(sent.at("/messages/1/content/0/id").stringValue()).isEqualTo("toolu_9");
    assertThat(sent.at("/messages/2/content/0/tool_use_id").stringValue()).isEqualTo("toolu_9");
    assertThat(sent.at("/tools/0/input_schema/type").stringValue()).isEqualTo("object");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'seed':4",
        "'n':2",
        "'logprobs':true",
        "'response_format':{'type':'json_object'}",
        "'temperature':1.5",
        "'frequency_penalty':1"
      })
  void whatTheOtherDialectCannotSayIsNamed(String field) {
    gateway.configure("upstreams:\n" + Gateway.upstream("a", a.port(), "format: anthropic"));
    HttpResponse<String> answer =
        gateway.server.post(
            "/v1/chat/completions",
            "{'model':'m'," + field + ",'messages':[{'role':'user','content':'Hi'}]}");
    assertThat(answer.statusCode()).isEqualTo(400);
    String name = field.substring(1, field.indexOf('\'', 1));
    assertThat(TestServer.json(answer).at("/error/param").stringValue()).startsWith(name);
    assertThat(a.requests).isEmpty();
  }

  @Test
  void onlyTheModelOfABodyChanges() {
    a.then(
        answer(
            200,
            "{\"type\":\"message\",\"content\":[],\"usage\":{\"input_tokens\":1,"
                + "\"output_tokens\":2}}"));
    gateway.configure(
        "upstreams:\n"
            + Gateway.upstream(
                "a",
                a.port(),
                "format: anthropic, keys: ['file:key1'], headers: {x-title: Hadal}"));
    String body =
        "{ \"max_tokens\":5 ,\n\t\"future_field\":{\"b\":[1.50,\"\\u00e9\\/\"]},"
            + "\"messages\":[{\"role\":\"user\",\"content\":\"a \\\"model\\\": b\"}],"
            + "\"model\" : \"m\",\"provider\":{\"only\":[\"a\"]} }";
    HttpResponse<String> answer =
        gateway.server.send(
            gateway
                .server
                .request("/v1/messages?beta=true")
                .header("content-type", "application/json")
                .header("authorization", "Bearer client-key")
                .header("anthropic-version", "2026-10-21")
                .header("anthropic-beta", "new-thing-2027, other")
                .header("x-claude-code-session-id", "s1")
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(body))
                .build());
    assertThat(answer.statusCode()).isEqualTo(200);
    ScriptedUpstream.Request sent = a.requests.getFirst();
    assertThat(sent.body())
        .isEqualTo(
            body.replace(": \"m\"", ": \"theirs\"")
                .replace(",\"provider\":{\"only\":[\"a\"]}", ""));
    assertThat(sent.path()).isEqualTo("/v1/messages?beta=true");
    assertThat(sent.header("anthropic-version")).isEqualTo("2026-10-21");
    assertThat(sent.header("anthropic-beta")).isEqualTo("new-thing-2027, other");
    assertThat(sent.header("x-claude-code-session-id")).isEqualTo("s1");
    assertThat(sent.header("x-api-key")).isEqualTo("sk-first");
    assertThat(sent.header("x-title")).isEqualTo("Hadal");
    assertThat(sent.head()).doesNotContain("client-key");
  }

  @Test
  void deepSeekHasPathsOfItsOwn() {
    a.then(answer(200, "{\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}"));
    gateway.configure("upstreams:\n" + Gateway.upstream("a", a.port(), "format: deepseek"));
    String messages = "'messages':[{'role':'user','content':'Hi'}";
    gateway.server.post("/v1/chat/completions", "{'model':'m'," + messages + "]}");
    gateway.server.post(
        "/v1/chat/completions",
        "{'model':'m'," + messages + ",{'role':'assistant','content':'x','prefix':true}]}");
    gateway.server.post("/v1/completions", "{'model':'m','prompt':'x','suffix':'y'}");
    gateway.server.post("/v1/messages", "{'model':'m','max_tokens':1," + messages + "]}");
    assertThat(gateway.gate.events.stream().map(e -> e.work().priority()))
        .containsExactly("interactive", "interactive", "fim", "interactive");
    assertThat(a.requests.stream().map(ScriptedUpstream.Request::path))
        .containsExactly(
            "/v1/chat/completions",
            "/beta/chat/completions",
            "/beta/completions",
            "/anthropic/v1/messages");
  }

  @Test
  void requestsChooseAmongUpstreams() {
    gateway.configure(Gateway.two(a, b, ""));
    a.then(good());
    b.then(good());
    String rest = ",'stream':true,'messages':[{'role':'user','content':'Hi'}]}";
    for (String wish : List.of("'only':['b']", "'ignore':['a']", "'order':['b']")) {
      HttpResponse<String> answer =
          gateway.server.post(
              "/v1/chat/completions", "{'model':'m','provider':{" + wish + "}" + rest);
      assertThat(answer.headers().firstValue("x-hadal-upstream")).hasValue("b");
    }
    assertThat(b.requests.getFirst().body()).doesNotContain("provider");
    HttpResponse<String> none =
        gateway.server.post("/v1/chat/completions", "{'model':'m','provider':{'zdr':true}" + rest);
    assertThat(none.statusCode()).isEqualTo(400);
    assertThat(none.body()).contains("zdr");
    HttpResponse<String> slip =
        gateway.server.post(
            "/v1/chat/completions", "{'model':'m','provider':{'onyl':['b']}" + rest);
    assertThat(slip.body()).contains("provider.onyl");
    // What is no wish must not pass for one: prices and privacy would be other than was asked for.
    for (String[] wrong :
        new String[][] {
          {"'data_collection':'denied'", "allow or deny"},
          {"'max_price':5", "must be an object"},
          {"'max_price':{'promt':1}", "prompt and completion"},
          {"'order':['nobody'],'allow_fallbacks':false", "no fallbacks"}
        }) {
      HttpResponse<String> refused =
          gateway.server.post(
              "/v1/chat/completions", "{'model':'m','provider':{" + wrong[0] + "}" + rest);
      assertThat(refused.statusCode()).as(wrong[0]).isEqualTo(400);
      assertThat(refused.body()).contains(wrong[1]);
    }
  }

  @Test
  void policiesOfProjectsLeaveUpstreamsOut() {
    gateway.configure(
        "upstreams:\n"
            + Gateway.upstream("a", a.port(), "region: us")
            + Gateway.upstream("b", b.port(), "region: eu, zdr: true, baa: true, priority: 9"));
    a.then(good());
    b.then(good());
    assertThat(gateway.chat(true).headers().firstValue("x-hadal-upstream")).hasValue("a");
    assertThat(gateway.chat(true, "x-hadal-zdr", "true").headers().firstValue("x-hadal-upstream"))
        .hasValue("b");
    for (ProjectPolicy policy :
        List.of(
            new ProjectPolicy(false, true, false, 0, "project", List.of(), "off"),
            new ProjectPolicy(false, false, true, 0, "project", List.of(), "off"),
            new ProjectPolicy(false, false, false, 0, "project", List.of("eu"), "off"))) {
      gateway
          .server
          .server
          .router()
          .identities(call -> new Identity("o", "t", "p", "k", null, Set.of(), List.of(), policy));
      assertThat(gateway.chat(true).headers().firstValue("x-hadal-upstream")).hasValue("b");
    }
    assertThat(gateway.gate.events.getLast().work().identity().project()).isEqualTo("p");
  }

  @Test
  void keysAskTheirModelsOnly() {
    PlatformAccess.Keys keys =
        (key, address, project) ->
            new Identity(
                "o",
                "t",
                "p",
                "k",
                null,
                Set.of(Scope.INFERENCE),
                List.of("ours*"),
                ProjectPolicy.DEFAULT);
    String upstreams = "upstreams:\n" + Gateway.upstream("a", a.port(), "speaks: [chat, videos]");
    try (Gateway own = new Gateway(folder, upstreams, keys)) {
      for (String path : List.of("/v1/videos", "/v1/chat/completions")) {
        assertThat(own.server.post(path, "{'model':'m','prompt':'a cat'}").statusCode())
            .as(path)
            .isEqualTo(403);
      }
    }
    assertThat(a.requests).isEmpty();
  }

  @Test
  void noNameOfAModelIsLongerThanAnyModelHas() {
    gateway.configure(
        "upstreams: [{name: a, url: 'http://127.0.0.1:"
            + a.port()
            + "', probe_seconds: 0}]\nroutes: [{model: 'a/*', upstreams: [a]}]\n");
    String ask = "{'model':'a/%s','messages':[{'role':'user','content':'Hi'}]}";
    assertThat(
            gateway
                .server
                .post("/v1/chat/completions", ask.formatted("x".repeat(300)))
                .statusCode())
        .isEqualTo(400);
    assertThat(a.requests).isEmpty();
  }

  @Test
  void theCheapestAndTheAbleAnswer() {
    gateway.configure(
        "upstreams:\n"
            + Gateway.upstream("a", a.port(), "prices: {input: 3, output: 9}")
            + Gateway.upstream("b", b.port(), "prices: {input: 1, output: 2}, features: [vision]")
            + "routes: [{model: m, strategy: least_cost, upstreams: [a, b]}]\n");
    a.then(good());
    b.then(good());
    assertThat(gateway.chat(true).headers().firstValue("x-hadal-upstream")).hasValue("b");
    HttpResponse<String> tools =
        gateway.server.post(
            "/v1/chat/completions",
            "{'model':'m','stream':true,'tools':[{'type':'function','function':{'name':'x'}}],"
                + "'messages':[{'role':'user','content':'Hi'}]}");
    assertThat(tools.headers().firstValue("x-hadal-upstream")).hasValue("a");
  }

  @ParameterizedTest
  @ValueSource(strings = {"lowest_latency", "throughput"})
  void theQuickerOneIsLearnt(String strategy) {
    gateway.configure(
        "upstreams:\n"
            + Gateway.upstream("a", a.port(), "")
            + Gateway.upstream("b", b.port(), "")
            + "routes: [{model: m, strategy: "
            + strategy
            + ", upstreams: [a, b]}]\n");
    a.then(
        (out, self) -> {
          Thread.sleep(strategy.equals("throughput") ? 0 : 300);
          ScriptedUpstream.cut(ScriptedUpstream.ROLE, ScriptedUpstream.text("one"))
              .write(out, self);
          Thread.sleep(300);
          out.write(
              ScriptedUpstream.bytes(
                  ScriptedUpstream.chunked(
                      ScriptedUpstream.STOP + ScriptedUpstream.USAGE + ScriptedUpstream.DONE)));
        });
    b.then(good());
    // The first may be any; a wish shows the other one to the gateway.
    for (String name : List.of("a", "b")) {
      gateway.server.post(
          "/v1/chat/completions",
          "{'model':'m','stream':true,'provider':{'only':['"
              + name
              + "']},'messages':[{'role':'user','content':'Hi'}]}");
    }
    for (int i = 0; i < 3; i++) {
      assertThat(gateway.chat(true).headers().firstValue("x-hadal-upstream")).hasValue("b");
    }
  }

  @Test
  void theLastResortMayBeThisProcess() {
    gateway.configure(
        "upstreams:\n"
            + Gateway.upstream("a", a.port(), "")
            + "routes: [{model: m, upstreams: [a], fallback: tiny}]\n");
    a.then(answer(500, "{}"));
    HttpResponse<String> answer =
        gateway.server.post(
            "/v1/chat/completions",
            "{'model':'m','max_tokens':3,'messages':[{'role':'user','content':'Hi'}]}");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("x-hadal-model")).hasValue("tiny@2026-01-01");
    assertThat(a.requests).hasSize(3);
  }

  @Test
  void localModelsAreServedAsBeforeAndUnknownOnesAreNot() {
    HttpResponse<String> local =
        gateway.server.post(
            "/v1/chat/completions",
            "{'model':'tiny','max_tokens':3,'messages':[{'role':'user','content':'Hi'}]}");
    assertThat(local.headers().firstValue("x-hadal-upstream")).isEmpty();
    assertThat(local.statusCode()).isEqualTo(200);
    HttpResponse<String> unknown =
        gateway.server.post(
            "/v1/chat/completions",
            "{'model':'nobody','messages':[{'role':'user','content':'Hi'}]}");
    assertThat(unknown.statusCode()).isEqualTo(404);
    List<String> names =
        TestServer.json(gateway.server.get("/v1/models"))
            .get("data")
            .valueStream()
            .map(m -> m.get("id").stringValue())
            .toList();
    assertThat(names).containsExactly("tiny", "claude-tiny", "m");
    assertThat(gateway.server.get("/v1/models/m").statusCode()).isEqualTo(200);
  }

  @Test
  void embeddingsAndImagesAreMetered() {
    replica("embeddings");
    HttpResponse<String> vectors =
        gateway.server.post("/v1/embeddings", "{'model':'far','input':'one two'}");
    assertThat(TestServer.json(vectors).at("/data/0/embedding").size()).isGreaterThan(1);
    assertThat(gateway.gate.events.getFirst().ending().quantities().input()).isPositive();
    assertThat(gateway.gate.events.getFirst().ending().quantities().output()).isZero();
    a.then(answer(200, "{\"created\":1,\"data\":[{\"url\":\"u\"},{\"url\":\"v\"}]}"));
    gateway.configure("upstreams:\n" + Gateway.upstream("a", a.port(), "prices: {image: 0.04}"));
    HttpResponse<String> images =
        gateway.server.post("/v1/images/generations", "{'model':'m','prompt':'a cat','n':2}");
    assertThat(images.statusCode()).isEqualTo(200);
    assertThat(gateway.gate.events.getLast().ending().quantities().images()).isEqualTo(2);
    assertThat(gateway.gate.events.getLast().work().ahead().images()).isEqualTo(2);
    assertThat(gateway.server.get("/metrics").body())
        .contains("llm_cost_nanousd_total{model=\"a/theirs\"}")
        .doesNotContain("llm_cost_nanousd_total{model=\"a/theirs\"} 0.0");
    assertThat(gateway.gate.events.getLast().ending().upstreamCost()).isEqualTo(80_000_000);
  }

  @Test
  void videosStayWithTheUpstreamThatTookThem() {
    String more = "speaks: [videos], keys: ['file:key1'], prices: {second: 0.1}";
    gateway.configure(Gateway.two(a, b, more));
    a.then(answer(500, "{}"));
    b.then(
        answer(200, "{\"id\":\"v1\",\"object\":\"video\",\"status\":\"queued\",\"seconds\":\"8\"}"),
        answer(200, "{\"id\":\"v1\",\"status\":\"in_progress\"}"),
        answer(200, "{\"id\":\"v1\",\"status\":\"completed\",\"seconds\":\"8\"}"),
        answer(200, "BYTES"));
    String form =
        "--XX\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n"
            + "--XX\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na cat\r\n--XX--\r\n";
    HttpResponse<String> made =
        gateway.server.send(
            gateway
                .server
                .request("/v1/videos")
                .header("content-type", "multipart/form-data; boundary=XX")
                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(form))
                .build());
    assertThat(made.statusCode()).isEqualTo(200);
    assertThat(b.requests.getFirst().body()).contains("\r\n\r\ntheirs\r\n").contains("a cat");
    String id = TestServer.json(made).get("id").stringValue();
    assertThat(id).startsWith("video_").endsWith("_v1");
    JsonNode page = TestServer.json(gateway.server.get("/v1/videos?limit=1&order=asc"));
    assertThat(page.get("last_id").stringValue()).isEqualTo(id);
    assertThat(page.get("has_more").booleanValue()).isFalse();
    assertThat(TestServer.json(gateway.server.get("/v1/videos?after=" + id)).get("data")).isEmpty();
    for (String query : List.of("limit=0", "limit=101", "limit=x", "order=up")) {
      assertThat(gateway.server.get("/v1/videos?" + query).statusCode()).isEqualTo(400);
    }
    assertThat(gateway.gate.outcomes()).containsExactly(Outcome.UPSTREAM_ERROR);
    HttpResponse<String> running = gateway.server.get("/v1/videos/" + id);
    JsonNode poll = TestServer.json(running);
    assertThat(poll.get("id").stringValue()).isEqualTo(id);
    assertThat(running.headers().firstValue("retry-after")).hasValue("5");
    assertThat(gateway.gate.events).hasSize(1);
    assertThat(gateway.server.get("/v1/videos/" + id).headers().firstValue("retry-after"))
        .isEmpty();
    assertThat(gateway.gate.events.getLast().ending().quantities().seconds()).isEqualTo(8);
    assertThat(gateway.gate.events.getLast().work().ahead().seconds()).isEqualTo(4);
    assertThat(gateway.gate.events.getLast().ending().upstreamCost()).isEqualTo(800_000_000);
    assertThat(gateway.server.get("/v1/videos/" + id + "/content").body()).isEqualTo("BYTES");
    assertThat(b.requests.getLast().path()).isEqualTo("/v1/videos/v1/content");
    assertThat(TestServer.json(gateway.server.get("/v1/videos")).at("/data/0/status").stringValue())
        .isEqualTo("completed");
    gateway
        .server
        .server
        .router()
        .identities(
            call ->
                new Identity(
                    "o", "t", "other", "k", null, Set.of(), List.of(), ProjectPolicy.DEFAULT));
    assertThat(gateway.server.get("/v1/videos/" + id).statusCode()).isEqualTo(404);
    assertThat(TestServer.json(gateway.server.get("/v1/videos")).get("data")).isEmpty();
  }

  /** Of the client, of the upstream, and what is charged. */
  @ParameterizedTest
  @CsvSource({"'\"seconds\":7.5', '', 8", "'', '\"seconds\":12.0', 12", "'', '', 4"})
  void noVideoIsWithoutALength(String asked, String made, long seconds) {
    a.then(answer(200, "{\"id\":\"v1\",\"status\":\"completed\"" + and(made) + "}"));
    gateway.configure("upstreams:\n" + Gateway.upstream("a", a.port(), "speaks: [videos]"));
    HttpResponse<String> job =
        gateway.server.post(
            "/v1/videos", "{\"model\":\"m\",\"prompt\":\"a cat\"" + and(asked) + "}");
    assertThat(job.statusCode()).as(job.body()).isEqualTo(200);
    assertThat(gateway.gate.events.getLast().ending().quantities().seconds()).isEqualTo(seconds);
  }

  private static String and(String field) {
    return field.isEmpty() ? "" : "," + field;
  }

  @Test
  void operatorsSeeUpstreams() throws Exception {
    gateway.configure(Gateway.two(a, b, "keys: ['file:key1']"));
    a.then(answer(200, "{\"data\":[]}"));
    b.then(answer(503, "{}"));
    BackendEndpoints group = new BackendEndpoints(gateway.server.server.router());
    JsonNode probed = ask(group, "/backends/{name}/probe", "a");
    assertThat(probed.get("state").stringValue()).isEqualTo("up");
    assertThat(a.requests.getFirst().path()).isEqualTo("/v1/models");
    ask(group, "/backends/{name}/probe", "b");
    JsonNode down = ask(group, "/backends/{name}/probe", "b");
    assertThat(down.get("state").stringValue()).isEqualTo("down");
    assertThat(down.get("last_problem").stringValue()).isEqualTo("status 503");
    b.then(answer(200, "{\"data\":[]}"));
    // The last answer of before comes once more.
    ask(group, "/backends/{name}/probe", "b");
    JsonNode back = ask(group, "/backends/{name}/probe", "b");
    assertThat(back.get("state").stringValue()).isEqualTo("up");
    assertThat(back.get("last_problem").isNull()).isTrue();
    JsonNode list = ask(group, "/backends", "");
    assertThat(list.get("data")).hasSize(2);
    assertThat(list.at("/data/0/keys/0/state").stringValue()).isEqualTo("ok");
    assertThat(list.toString()).doesNotContain("sk-");
    assertThat(ask(group, "/routes", "").at("/data/0/strategy").stringValue())
        .isEqualTo("priority");
  }

  private static JsonNode ask(BackendEndpoints group, String path, String name) throws Exception {
    Endpoint endpoint =
        group.endpoints().stream().filter(e -> e.path().equals(path)).findFirst().orElseThrow();
    AdminCall call =
        new AdminCall(
            new io.hadal.platform.tenancy.Actor(null, "test", null, List.of(), "127.0.0.1"),
            Map.of("name", name),
            Map.of(),
            TestServer.json("{}"),
            new NoExchange(),
            "req_1");
    return Objects.requireNonNull(endpoint.handler().handle(call));
  }
}
