package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.server.TestServer.Event;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ChatCompletionsTest {
  private static final TestServer SERVER = new TestServer();
  private static final String PATH = "/v1/chat/completions";
  private static final String ASK =
      "{'model':'tiny','messages':[{'role':'user','content':'Hello there'}],'seed':7,"
          + "'max_tokens':16";

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  private static String content(List<Event> events, int index) {
    StringBuilder text = new StringBuilder();
    for (Event event : events) {
      if (!event.data().equals("[DONE]")) {
        for (JsonNode choice : event.json().get("choices")) {
          JsonNode content = choice.get("delta").get("content");
          if (choice.get("index").intValue() == index && content != null && !content.isNull()) {
            text.append(content.stringValue());
          }
        }
      }
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/chat/completions",
        "/chat/completions",
        "/beta/chat/completions",
        "/beta/v1/chat/completions",
        "/api/v1/chat/completions",
        "/v1/chat/completions/",
        "/v1/chat/completions?beta=true"
      })
  void answersAtEverySpelling(String path) {
    HttpResponse<String> response = SERVER.post(path, ASK + "}");
    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode json = TestServer.json(response);
    assertThat(json.get("object").stringValue()).isEqualTo("chat.completion");
    assertThat(json.get("id").stringValue()).startsWith("chatcmpl-");
    assertThat(json.get("model").stringValue()).isEqualTo("tiny@2026-01-01");
    JsonNode choice = json.get("choices").get(0);
    assertThat(choice.get("message").get("role").stringValue()).isEqualTo("assistant");
    assertThat(choice.get("message").has("tool_calls")).isFalse();
    JsonNode usage = json.get("usage");
    assertThat(usage.get("total_tokens").intValue())
        .isEqualTo(
            usage.get("prompt_tokens").intValue() + usage.get("completion_tokens").intValue());
    assertThat(usage.get("prompt_cache_hit_tokens").intValue())
        .isEqualTo(usage.get("prompt_tokens_details").get("cached_tokens").intValue());
    assertThat(response.headers().firstValue("x-request-id").orElseThrow())
        .isEqualTo(response.headers().firstValue("request-id").orElseThrow())
        .matches("req_[0-9a-z]{26}");
  }

  @Test
  void streamAddsUpToTheWholeAnswer() {
    String whole =
        TestServer.json(SERVER.post(PATH, ASK + "}"))
            .get("choices")
            .get(0)
            .get("message")
            .get("content")
            .stringValue();
    HttpResponse<String> response =
        SERVER.post(PATH, ASK + ",'stream':true,'stream_options':{'include_usage':true}}");
    assertThat(response.headers().firstValue("content-type"))
        .hasValue("text/event-stream; charset=utf-8");
    List<Event> events = TestServer.events(response.body());
    assertThat(content(events, 0)).isEqualTo(whole);
    assertThat(events).allMatch(e -> e.name() == null);
    assertThat(events.getLast().data()).isEqualTo("[DONE]");
    JsonNode first = events.getFirst().json().get("choices").get(0).get("delta");
    assertThat(first.get("role").stringValue()).isEqualTo("assistant");
    JsonNode usage = events.get(events.size() - 2).json();
    assertThat(usage.get("choices").size()).isZero();
    assertThat(usage.get("usage").get("completion_tokens").intValue()).isPositive();
    JsonNode finish = events.get(events.size() - 3).json().get("choices").get(0);
    assertThat(finish.get("finish_reason").isString()).isTrue();
    for (Event event : events.subList(0, events.size() - 2)) {
      assertThat(event.json().get("usage").isNull()).isTrue();
    }
    assertThat(events.subList(0, events.size() - 1).stream().map(e -> e.json().get("id")))
        .containsOnly(events.getFirst().json().get("id"));
  }

  @Test
  void usageComesOnlyWhenAskedFor() {
    List<Event> events = TestServer.events(SERVER.post(PATH, ASK + ",'stream':true}").body());
    assertThat(events)
        .filteredOn(e -> !e.data().equals("[DONE]"))
        .noneMatch(e -> e.json().has("usage"));
  }

  @Test
  void severalAnswersKeepApart() {
    String ask = ASK + ",'n':3,'temperature':1";
    JsonNode whole = TestServer.json(SERVER.post(PATH, ask + "}")).get("choices");
    List<Event> events = TestServer.events(SERVER.post(PATH, ask + ",'stream':true}").body());
    assertThat(whole.size()).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      assertThat(content(events, i))
          .isEqualTo(whole.get(i).get("message").get("content").stringValue());
    }
    assertThat(content(events, 0)).isNotEqualTo(content(events, 1));
  }

  @Test
  void stopStringsEndTheAnswerAndDoNotAppear() {
    String whole =
        TestServer.json(SERVER.post(PATH, ASK + "}"))
            .get("choices")
            .get(0)
            .get("message")
            .get("content")
            .stringValue();
    int at = whole.codePointCount(0, whole.length()) / 2;
    int from = whole.offsetByCodePoints(0, at);
    String stop = whole.substring(from, whole.offsetByCodePoints(from, 2));
    String quoted =
        tools.jackson.databind.node.StringNode.valueOf(stop).toString().replace('\'', '’');
    JsonNode choice =
        TestServer.json(SERVER.post(PATH, ASK + ",'stop':[" + quoted + "]}")).get("choices").get(0);
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("stop");
    assertThat(choice.get("message").get("content").stringValue())
        .isEqualTo(whole.substring(0, whole.indexOf(stop)));
  }

  @Test
  void probabilitiesOfTokens() {
    String ask = ASK + ",'logprobs':true,'top_logprobs':3";
    JsonNode whole =
        TestServer.json(SERVER.post(PATH, ask + "}")).get("choices").get(0).get("logprobs");
    assertThat(whole.get("content").size()).isEqualTo(16);
    for (JsonNode entry : whole.get("content")) {
      assertThat(entry.get("logprob").doubleValue()).isLessThanOrEqualTo(0);
      assertThat(entry.get("top_logprobs").size()).isEqualTo(3);
    }
    Map<String, Integer> kinds = new HashMap<>();
    for (Event event : TestServer.events(SERVER.post(PATH, ask + ",'stream':true}").body())) {
      if (!event.data().equals("[DONE]")) {
        JsonNode logprobs = event.json().get("choices").get(0).get("logprobs");
        if (!logprobs.isNull()) {
          kinds.merge("content", logprobs.get("content").size(), Integer::sum);
        }
      }
    }
    assertThat(kinds.get("content")).isEqualTo(16);
  }

  @Test
  void reasoningHasItsOwnField() {
    String ask = ASK + ",'thinking':{'type':'enabled'},'reasoning_effort':'low'";
    JsonNode message =
        TestServer.json(SERVER.post(PATH, ask + "}")).get("choices").get(0).get("message");
    assertThat(message.has("reasoning_content")).isTrue();
    List<Event> events = TestServer.events(SERVER.post(PATH, ask + ",'stream':true}").body());
    JsonNode first = events.getFirst().json().get("choices").get(0).get("delta");
    assertThat(first.get("content").isNull()).isTrue();
    assertThat(first.get("reasoning_content").stringValue()).isEmpty();
    StringBuilder reasoning = new StringBuilder();
    for (Event event : events.subList(1, events.size() - 1)) {
      JsonNode delta = event.json().get("choices").get(0).get("delta");
      if (delta.has("reasoning_content")) {
        assertThat(delta.has("content")).isFalse();
        reasoning.append(delta.get("reasoning_content").stringValue());
      }
    }
    assertThat(reasoning).hasToString(message.get("reasoning_content").stringValue());
  }

  @Test
  void aNamedToolIsCalled() {
    String ask =
        "{'model':'tiny','messages':[{'role':'user','content':'weather?'}],'max_tokens':40,'seed':1,"
            + "'tools':[{'type':'function','function':{'name':'get_weather','parameters':"
            + "{'type':'object','properties':{'city':{'type':'string'}}}}}],"
            + "'tool_choice':{'type':'function','function':{'name':'get_weather'}}";
    List<Event> events = TestServer.events(SERVER.post(PATH, ask + ",'stream':true}").body());
    JsonNode start = null;
    int starts = 0;
    for (Event event : events) {
      if (!event.data().equals("[DONE]")) {
        JsonNode calls = event.json().get("choices").get(0).get("delta").get("tool_calls");
        if (calls != null && calls.get(0).has("id")) {
          start = calls.get(0);
          starts++;
        }
      }
    }
    // Random weights write no arguments: the call may stay without end, never as text.
    assertThat(content(events, 0)).doesNotContain("get_weather", "DSML");
    assertThat(starts).isLessThanOrEqualTo(1);
    if (start != null) {
      assertThat(start.get("function").get("name").stringValue()).isEqualTo("get_weather");
      assertThat(start.get("id").stringValue()).startsWith("call_");
    }
  }

  @Test
  void fieldsWithoutEffectAreNamed() {
    HttpResponse<String> response = SERVER.post(PATH, ASK + ",'top_z':1,'store':false}");
    assertThat(response.headers().firstValue("x-hadal-ignored-params")).hasValue("top_z");
    HttpResponse<String> strict =
        SERVER.post(PATH, ASK + ",'top_z':1}", "x-hadal-strict-params", "true");
    assertThat(strict.statusCode()).isEqualTo(400);
    assertThat(TestServer.json(strict).get("error").get("param").stringValue()).isEqualTo("top_z");
  }

  @Test
  void aLastAnswerIsContinued() {
    String ask =
        "{'model':'tiny','messages':[{'role':'user','content':'Hi'},"
            + "{'role':'assistant','content':'Once upon','prefix':true}],'max_tokens':4}";
    HttpResponse<String> response = SERVER.post("/beta/chat/completions", ask);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(
            TestServer.json(response)
                .get("choices")
                .get(0)
                .get("message")
                .get("content")
                .stringValue())
        .doesNotContain("Once upon");
  }

  @Test
  void theSameSeedGivesTheSameAnswerBesideOthers() {
    String ask = ASK + ",'temperature':1.5}";
    String alone = SERVER.post(PATH, ask).body().replaceAll("\"(id|created)\":[^,]+", "");
    List<Thread> others =
        java.util.stream.IntStream.range(0, 3)
            .mapToObj(i -> Thread.ofVirtual().start(() -> SERVER.post(PATH, ASK + ",'n':2}")))
            .toList();
    JsonNode again = TestServer.json(SERVER.post(PATH, ask));
    assertThat(alone)
        .contains(again.get("choices").get(0).get("message").get("content").toString());
    for (Thread other : others) {
      try {
        other.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
