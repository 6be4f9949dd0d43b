package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class ErrorsTest {
  private static final int BODY_LIMIT = 200_000;
  private static final TestServer SERVER =
      new TestServer(
          null,
          new ServerLimits(
              BODY_LIMIT,
              null,
              ServerLimits.DEFAULT.keepAlive(),
              ServerLimits.DEFAULT.slowReader(),
              ServerLimits.DEFAULT.drain()),
          4096,
          16);

  /** Requests that are fine, by path. */
  private static final Map<String, String> GOOD =
      Map.of(
          "/v1/chat/completions",
          "{'model':'tiny','messages':[{'role':'user','content':'hi'},{'role':'assistant','content':"
              + "null,'tool_calls':[{'id':'c1','type':'function','function':{'name':'f','arguments':"
              + "'{}'}}]},{'role':'tool','tool_call_id':'c1','content':[{'type':'text','text':'x'}]}],"
              + "'max_tokens':1,'stop':['a'],'temperature':0.5,'tools':[{'type':'function','function':"
              + "{'name':'f','parameters':{'type':'object'}}}],'stream_options':{'include_usage':true}}",
          "/v1/completions",
          "{'model':'tiny','prompt':'hi','max_tokens':1,'logprobs':1,'logit_bias':{'5':1}}",
          "/v1/messages",
          "{'model':'tiny','max_tokens':1,'system':[{'type':'text','text':'s'}],'messages':[{'role':"
              + "'user','content':[{'type':'text','text':'hi'}]}],'thinking':{'type':'disabled'},"
              + "'tools':[{'name':'f','input_schema':{}}],'tool_choice':{'type':'auto'}}",
          "/v1/responses",
          "{'model':'tiny','input':[{'role':'user','content':[{'type':'input_text','text':'hi'}]}],"
              + "'max_output_tokens':1,'reasoning':{'effort':'none'},'text':{'format':{'type':'text'}}}");

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  private static void requireShape(String path, HttpResponse<String> response) {
    JsonNode json = TestServer.json(response);
    JsonNode error = json.get("error");
    assertThat(response.headers().firstValue("x-should-retry")).isPresent();
    if (path.startsWith("/v1/messages")) {
      assertThat(json.get("type").stringValue()).isEqualTo("error");
      assertThat(json.get("request_id").stringValue()).startsWith("req_");
      assertThat(error.get("type").isString()).isTrue();
    } else {
      assertThat(error.propertyNames())
          .containsExactlyInAnyOrder("message", "type", "param", "code");
      assertThat(error.get("code").isString()).isTrue();
    }
    assertThat(error.get("message").stringValue()).isNotEmpty().doesNotContain("java.", "io.hadal");
  }

  @Test
  void whatAClientSentIsNotRepeatedAtAnyLength() {
    String name = "x".repeat(1999 - "The model '".length()) + "\uD83D\uDE00" + "y".repeat(9000);
    String body = "{'model':'" + name + "','messages':[],'max_tokens':1}";
    for (String path : List.of("/v1/chat/completions", "/v1/messages")) {
      HttpResponse<String> response = SERVER.post(path, body);
      assertThat(response.statusCode()).isEqualTo(404);
      assertThat(TestServer.json(response).at("/error/message").stringValue())
          .hasSizeBetween(1999, 2001)
          .endsWith("…");
      assertThat(response.body()).doesNotContain("\uFFFD").doesNotContain("?");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {                                                   | 400 | invalid_json | ''
          []                                                  | 400 | invalid_value | body
          {'messages':[]}                                     | 400 | missing_required_parameter | model
          {'model':5}                                         | 400 | invalid_value | model
          {'model':'other','messages':[]}                     | 404 | model_not_found | model
          {'model':'tiny'}                                    | 400 | missing_required_parameter | messages
          {'model':'tiny','messages':[{'role':'x'}]}          | 400 | invalid_value | messages[0].role
          {'model':'tiny','messages':[{'role':'user'}]}       | 400 | missing_required_parameter | messages[0].content
          {'model':'tiny','messages':[{'role':'user','content':'a'}],'max_tokens':99999} | 400 | invalid_value | max_tokens
          {'model':'tiny','messages':[{'role':'user','content':'a'}],'top_logprobs':2}   | 400 | invalid_value | top_logprobs
          {'model':'tiny','messages':[{'role':'user','content':'a'}],'n':99}             | 400 | invalid_value | n
          {'model':'tiny','messages':[{'role':'tool','tool_call_id':'q','content':'a'}]} | 400 | tool_call_not_found | messages[0].tool_call_id
          {'model':'tiny','messages':[{'role':'user','content':[{'type':'image_url','image_url':{'url':'http://x'}}]}]} | 400 | unsupported_value | messages[0].content[0].type
          {'model':'tiny','messages':[{'role':'user','content':'a'}],'reasoning_effort':'huge'} | 400 | invalid_value | reasoning_effort
          """)
  void chatProblems(String body, int status, String code, String param) {
    HttpResponse<String> response = SERVER.post("/v1/chat/completions", body);
    assertThat(response.statusCode()).isEqualTo(status);
    requireShape("/v1/chat/completions", response);
    JsonNode error = TestServer.json(response).get("error");
    assertThat(error.get("code").stringValue()).isEqualTo(code);
    assertThat(error.get("param").isNull() ? "" : error.get("param").stringValue())
        .isEqualTo(param);
    assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'model':'tiny',                   | Unexpected end-of-input | line 1, column 17
          {'messages':[                      | close marker for Array  | line 1, column 14
          {'model' 'tiny'}                   | was expecting a colon   | line 1, column 10
          {'a':1,'a':2}                      | Duplicate               | line 1, column 11
          """)
  void messagesOfTheParserNameThePlace(String body, String what, String where) {
    for (String path : new String[] {"/v1/chat/completions", "/v1/messages"}) {
      JsonNode error = TestServer.json(SERVER.post(path, body)).get("error");
      assertThat(error.get("message").stringValue())
          .contains(what, where)
          .doesNotContain("Source", "REDACTED", "Feature", "tools.jackson");
    }
  }

  @Test
  void contextTooLong() {
    String body =
        "{'model':'tiny','messages':[{'role':'user','content':'" + "word ".repeat(5000) + "'}]}";
    JsonNode error = TestServer.json(SERVER.post("/v1/chat/completions", body)).get("error");
    assertThat(error.get("code").stringValue()).isEqualTo("context_length_exceeded");
  }

  @Test
  void wrongPathsMethodsAndMediaTypes() {
    HttpResponse<String> unknown = SERVER.get("/v1/none");
    assertThat(unknown.statusCode()).isEqualTo(404);
    assertThat(TestServer.json(unknown).get("error").get("code").stringValue())
        .isEqualTo("unknown_url");
    assertThat(
            TestServer.json(SERVER.get("/v1/none", "anthropic-version", "2023-06-01")).has("type"))
        .isTrue();
    HttpResponse<String> method = SERVER.get("/v1/chat/completions");
    assertThat(method.statusCode()).isEqualTo(405);
    assertThat(method.headers().firstValue("allow")).hasValue("POST");
    HttpResponse<String> media =
        SERVER.send(
            SERVER
                .request("/v1/messages")
                .header("content-type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());
    assertThat(media.statusCode()).isEqualTo(415);
    requireShape("/v1/messages", media);
  }

  @Test
  void bodiesBeyondTheLimit() {
    for (String path : GOOD.keySet()) {
      HttpResponse<String> response = SERVER.post(path, "'" + "a".repeat(BODY_LIMIT) + "'");
      assertThat(response.statusCode()).isEqualTo(413);
      requireShape(path, response);
    }
  }

  @Test
  void packedBodiesAndBombs() throws Exception {
    for (int size : List.of(100, 50 << 20)) {
      var packed = new java.io.ByteArrayOutputStream();
      try (var gzip = new java.util.zip.GZIPOutputStream(packed)) {
        gzip.write(
            Objects.requireNonNull(GOOD.get("/v1/completions"))
                .replace('\'', '"')
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
        gzip.write(" ".repeat(size).getBytes(java.nio.charset.StandardCharsets.UTF_8));
      }
      HttpResponse<String> response =
          SERVER.send(
              SERVER
                  .request("/v1/completions")
                  .header("content-type", "application/json; charset=UTF-8")
                  .header("content-encoding", "gzip")
                  .POST(HttpRequest.BodyPublishers.ofByteArray(packed.toByteArray()))
                  .build());
      assertThat(response.statusCode()).as(response.body()).isEqualTo(size == 100 ? 200 : 413);
    }
    for (String name : List.of("chat-1", "zeros")) {
      try (var packed =
          Objects.requireNonNull(ErrorsTest.class.getResourceAsStream("http/" + name + ".zst"))) {
        HttpResponse<String> response =
            SERVER.send(
                SERVER
                    .request("/v1/chat/completions")
                    .header("content-type", "application/json")
                    .header("content-encoding", "zstd")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(packed.readAllBytes()))
                    .build());
        assertThat(response.statusCode())
            .as(response.body())
            .isEqualTo(name.equals("zeros") ? 413 : 400);
        assertThat(response.body()).contains(name.equals("zeros") ? "large" : "context_length");
      }
    }
  }

  /** Damaged requests get an answer of the right shape and never a 500. */
  @Test
  void damagedRequests() {
    Random random = new Random(1);
    String[] values = {
      "null", "true", "-1", "1e99", "'x'", "[]", "{}", "[[]]", "[null]", "'\\ud800'"
    };
    for (Map.Entry<String, String> good : GOOD.entrySet()) {
      HttpResponse<String> fine = SERVER.post(good.getKey(), good.getValue());
      assertThat(fine.statusCode()).as(fine.body()).isEqualTo(200);
      for (int i = 0; i < 60; i++) {
        String body = good.getValue();
        if (i % 2 == 0) {
          // Another value in some place.
          int[] places =
              java.util.regex.Pattern.compile(":('[^']*'|[0-9.]+|\\[|\\{|null|true)")
                  .matcher(body)
                  .results()
                  .mapToInt(java.util.regex.MatchResult::start)
                  .toArray();
          int at = places[random.nextInt(places.length)] + 1;
          int end = end(body, at);
          body =
              body.substring(0, at) + values[random.nextInt(values.length)] + body.substring(end);
        } else {
          int at = random.nextInt(body.length());
          body =
              random.nextBoolean()
                  ? body.substring(0, at)
                  : body.substring(0, at)
                      + (char) (32 + random.nextInt(90))
                      + body.substring(at + 1);
        }
        HttpResponse<String> response = SERVER.post(good.getKey(), body);
        assertThat(response.statusCode()).as(body).isIn(200, 400, 404, 422);
        if (response.statusCode() != 200) {
          requireShape(good.getKey(), response);
        }
      }
    }
  }

  /** End of the JSON value that begins at an index. */
  private static int end(String json, int from) {
    int depth = 0;
    boolean quoted = false;
    for (int i = from; i < json.length(); i++) {
      char c = json.charAt(i);
      if (c == '\'') {
        quoted = !quoted;
      }
      if (!quoted && (c == '[' || c == '{')) {
        depth++;
      } else if (!quoted && (c == ']' || c == '}')) {
        depth--;
        if (depth < 0) {
          return i;
        }
      }
      if (!quoted && depth == 0 && i > from && (c == ',' || c == ']' || c == '}')) {
        return c == ',' ? i : i + 1;
      }
      if (!quoted && depth == 0 && c == ',') {
        return i;
      }
    }
    return json.length();
  }
}
