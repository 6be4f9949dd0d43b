package io.hadal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.cli.PeerGateway.Answer;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * A gateway of others between ours and a second {@code hadal serve}: Hadal, then Portkey, then the
 * embedded model. What goes wrong goes wrong behind Portkey.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PeerPortkeyTest {
  /** Portkey 1.15.2 cannot change the headers of a stream with newer versions of its server. */
  private static final NpmClient PORTKEY =
      NpmClient.of("portkey", "@portkey-ai/gateway@1.15.2")
          .overriding(Map.of("@hono/node-server", "1.13.8", "@hono/node-ws", "1.2.0"));

  private static final String ASK =
      "'temperature':0,'max_tokens':12,'messages':[{'role':'user','content':'public int add('}]";

  private static final String TOOL =
      "'tools':[{'type':'function','function':{'name':'get_weather','strict':true,'parameters':"
          + "{'type':'object','properties':{'city':{'enum':['Oslo','Rome']}},"
          + "'required':['city'],'additionalProperties':false}}}],"
          + "'tool_choice':{'type':'function','function':{'name':'get_weather'}},"
          + "'parallel_tool_calls':false";

  private NodeProcess engine;
  private Front front;
  private PeerProcess portkey;
  private PeerGateway gateway;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    Path modules = PORTKEY.install();
    Path engines = Files.createDirectory(folder.resolve("engine"));
    Files.writeString(engines.resolve("serve.yaml"), "log: {access: false}\n");
    engine = new NodeProcess(engines, "engine", "--port", "0");
    front = new Front(engine.url());
    portkey =
        new PeerProcess(
            PORTKEY.freshHome("portkey"),
            Map.of("TRUSTED_CUSTOM_HOSTS", "127.0.0.1"),
            List.of(
                modules.resolve("@portkey-ai/gateway/build/start-server.js").toString(),
                "--headless",
                "--port={port}"));
    gateway =
        new PeerGateway(
            folder.resolve("gateway"),
            """
            upstreams:
              - name: portkey
                url: %1$s
                headers: {x-portkey-provider: openai, x-portkey-custom-host: '%2$s/v1'}
                models: {coder: hadal-nano, alone: hadal-nano}
                speaks: [chat, completions, responses]
                prices: {input: 0.5, cache_read: 0.05, output: 2}
              - name: portkey-anthropic
                url: %1$s
                format: anthropic
                headers: {x-portkey-provider: anthropic, x-portkey-custom-host: '%2$s/v1'}
                models: {claude: hadal-nano}
              - {name: spare, url: '%3$s', models: {coder: hadal-nano}}
            routes:
              - {model: coder, upstreams: [portkey, spare]}
            """
                .formatted(portkey.url(), front.url(), engine.url())
                .replace("name: spare,", "name: spare, priority: 1,"),
            List.of("portkey/hadal-nano", "portkey-anthropic/hadal-nano", "spare/hadal-nano"));
  }

  @AfterAll
  void stop() {
    for (AutoCloseable part : new AutoCloseable[] {gateway, portkey, front, engine}) {
      try {
        if (part != null) {
          part.close();
        }
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @AfterEach
  void theBooksBalance() throws Exception {
    gateway.balances();
  }

  private Answer chat(String model, String more) throws Exception {
    return gateway.post("/v1/chat/completions", "{'model':'" + model + "'," + more + "}");
  }

  private static void charged(Answer answer, JsonNode usage) {
    assertThat(answer.outcomes()).hasSize(1);
    PeerGateway.agrees(answer.last(), usage);
    long input =
        (answer.last().path("input_uncached").asLong() + answer.last().path("cache_write").asLong())
            * 500;
    long cached = answer.last().path("cache_read").asLong() * 50;
    long output =
        (answer.last().path("output_text").asLong()
                + answer.last().path("output_reasoning").asLong())
            * 2000;
    assertThat(answer.last().path("upstream_cost_nano").asLong())
        .isEqualTo(input + cached + output);
  }

  @Test
  void anAnswer() throws Exception {
    Answer answer = chat("coder", ASK);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.upstream()).isEqualTo("portkey");
    assertThat(answer.json().at("/choices/0/message/content").asString()).isNotEmpty();
    charged(answer, answer.json().path("usage"));
  }

  @Test
  void aStreamIsWhatTheEngineSays() throws Exception {
    Answer whole = chat("coder", ASK);
    Answer answer = chat("coder", ASK + ",'stream':true,'stream_options':{'include_usage':true}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.http().headers().firstValue("content-type").orElse(""))
        .startsWith("text/event-stream");
    assertThat(answer.body()).endsWith("data: [DONE]\n\n");
    assertThat(answer.text()).isEqualTo(whole.json().at("/choices/0/message/content").asString());
    assertThat(answer.events().size()).isGreaterThan(3);
    charged(answer, answer.events().getLast().path("usage"));
  }

  @Test
  void aStreamWithoutUsageIsCountedAllTheSame() throws Exception {
    Answer answer = chat("coder", ASK + ",'stream':true");
    assertThat(answer.body()).doesNotContain("prompt_tokens");
    Answer asked = chat("coder", ASK + ",'stream':true,'stream_options':{'include_usage':true}");
    JsonNode usage = asked.events().getLast().path("usage");
    assertThat(answer.last().path("output_text").asLong())
        .isEqualTo(usage.path("completion_tokens").asLong());
    assertThat(answer.last().path("estimated").asBoolean()).isFalse();
    assertThat(answer.last().path("cost_nano").asLong()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aToolIsCalledAndAnswered(boolean stream) throws Exception {
    Answer answer =
        chat(
            "coder",
            ASK.replace("12", "200")
                + ","
                + TOOL
                + (stream ? ",'stream':true,'stream_options':{'include_usage':true}" : ""));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    StringBuilder arguments = new StringBuilder();
    String name;
    String end;
    if (stream) {
      List<JsonNode> events = answer.events();
      events.forEach(
          e ->
              arguments.append(
                  e.at("/choices/0/delta/tool_calls/0/function/arguments").asString("")));
      name =
          events.stream()
              .map(e -> e.at("/choices/0/delta/tool_calls/0/function/name").asString(""))
              .reduce("", String::concat);
      end =
          events.stream()
              .map(e -> e.at("/choices/0/finish_reason").asString(""))
              .reduce("", String::concat);
      charged(answer, events.getLast().path("usage"));
    } else {
      JsonNode function = answer.json().at("/choices/0/message/tool_calls/0/function");
      arguments.append(function.path("arguments").asString());
      name = function.path("name").asString();
      end = answer.json().at("/choices/0/finish_reason").asString();
      charged(answer, answer.json().path("usage"));
    }
    assertThat(name).isEqualTo("get_weather");
    assertThat(end).isEqualTo("tool_calls");
    JsonNode called = Json.parse(arguments.toString().getBytes(StandardCharsets.UTF_8), "call");
    assertThat(called.path("city").asString()).isIn("Oslo", "Rome");

    Answer next =
        chat(
            "coder",
            ASK.replace(
                    "}]",
                    "},{'role':'assistant','content':null,'tool_calls':[{'id':'c1','type':"
                        + "'function','function':{'name':'get_weather','arguments':'{}'}}]},"
                        + "{'role':'tool','tool_call_id':'c1','content':'rain'}]")
                + ","
                + TOOL.replaceFirst(",'tool_choice'.*", ""));
    assertThat(next.status()).as(next.body()).isEqualTo(200);
    charged(next, next.json().path("usage"));
  }

  @Test
  void otherDialects() throws Exception {
    Answer completion =
        gateway.post(
            "/v1/completions",
            "{'model':'coder','prompt':'public int add(','max_tokens':8,'temperature':0}");
    assertThat(completion.status()).as(completion.body()).isEqualTo(200);
    charged(completion, completion.json().path("usage"));

    Answer response =
        gateway.post(
            "/v1/responses",
            "{'model':'coder','input':'public int add(','max_output_tokens':16,'store':false}");
    assertThat(response.status()).as(response.body()).isEqualTo(200);
    assertThat(response.upstream()).isEqualTo("portkey");
    assertThat(
            response.last().path("output_text").asLong()
                + response.last().path("output_reasoning").asLong())
        .isEqualTo(response.json().at("/usage/output_tokens").asLong());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void messagesGoOnAsTheyAre(boolean stream) throws Exception {
    Answer answer =
        gateway.post(
            "/v1/messages", "{'model':'claude'," + ASK + (stream ? ",'stream':true}" : "}"));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.upstream()).isEqualTo("portkey-anthropic");
    long tokens;
    if (stream) {
      assertThat(answer.body()).contains("event: message_start", "event: message_stop");
      tokens =
          answer.events().stream()
              .filter(e -> e.path("type").asString().equals("message_delta"))
              .mapToLong(e -> e.at("/usage/output_tokens").asLong())
              .sum();
    } else {
      tokens = answer.json().at("/usage/output_tokens").asLong();
    }
    assertThat(tokens).isPositive();
    assertThat(
            answer.last().path("output_text").asLong()
                + answer.last().path("output_reasoning").asLong())
        .isEqualTo(tokens);
    assertThat(answer.last().path("cost_nano").asLong()).isPositive();
  }

  /** Chat Completions, turned into Messages for Portkey. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void chatBecomesMessages(boolean stream) throws Exception {
    Answer answer =
        chat(
            "claude",
            ASK + (stream ? ",'stream':true,'stream_options':{'include_usage':true}" : ""));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.upstream()).isEqualTo("portkey-anthropic");
    PeerGateway.agrees(
        answer.last(), (stream ? answer.events().getLast() : answer.json()).path("usage"));
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void anotherUpstreamAnswersForOneThatFails(int status) throws Exception {
    front.with(refusal(status, 30));
    Answer answer = chat("coder", ASK);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.upstream()).isEqualTo("spare");
    assertThat(answer.outcomes()).hasSize(2).startsWith("UPSTREAM_ERROR");
    assertThat(answer.attempts().path(0).path("cost_nano").asLong()).isZero();
    assertThat(answer.attempts().path(0).path("backend").asString()).isEqualTo("portkey");
    PeerGateway.agrees(answer.last(), answer.json().path("usage"));
  }

  private static Front.Trouble.Refusal refusal(int status, int after) {
    return new Front.Trouble.Refusal(
        status, "{\"error\":{\"message\":\"Trouble here.\",\"type\":\"trouble\"}}", true, after);
  }

  @ParameterizedTest
  @CsvSource({"429, 429", "500, 502"})
  void errorsReachTheClientUncharged(int status, int seen) throws Exception {
    for (int i = 0; i < 3; i++) {
      front.with(refusal(status, 0));
    }
    Answer answer = chat("alone", ASK);
    front.forget();
    assertThat(answer.status()).as(answer.body()).isEqualTo(seen);
    assertThat(answer.json().at("/error/message").asString()).isNotEmpty();
    assertThat(answer.outcomes()).isNotEmpty().containsOnly("UPSTREAM_ERROR");
    answer.attempts().forEach(a -> assertThat(a.path("cost_nano").asLong()).isZero());
  }

  @Test
  void whatTheEngineRefusesIsRefused() throws Exception {
    Answer answer = chat("coder", ASK.replace("'temperature':0", "'temperature':'warm'"));
    assertThat(answer.status()).as(answer.body()).isEqualTo(400);
    assertThat(answer.json().at("/error/message").asString()).contains("temperature");
    answer.attempts().forEach(a -> assertThat(a.path("cost_nano").asLong()).isZero());
  }

  @Test
  void aStreamThatIsCutIsAnErrorAndCountedByEstimate() throws Exception {
    front.with(new Front.Trouble.Cut(1500));
    Answer answer = chat("coder", ASK.replace("12", "100") + ",'stream':true");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(answer.body()).contains("\"error\"").doesNotContain("[DONE]");
    assertThat(answer.outcomes()).containsExactly("UPSTREAM_CUT");
    assertThat(answer.last().path("estimated").asBoolean()).isTrue();
    assertThat(answer.last().path("output_text").asLong()).isPositive();
    assertThat(answer.last().path("cost_nano").asLong()).isPositive();
  }
}
