package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class OllamaTest {
  private static final TestServer SERVER = new TestServer();
  private static final String CHAT =
      "{'model':'tiny:latest','options':{'num_predict':12,'temperature':0},"
          + "'messages':[{'role':'user','content':'Hello there'}]";
  private static final String TOOL =
      "'tools':[{'type':'function','function':{'name':'look','parameters':"
          + "{'type':'object','properties':{'path':{'type':'string'}}}}}]";

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  private static List<JsonNode> lines(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/x-ndjson");
    List<JsonNode> lines = new ArrayList<>();
    response.body().lines().filter(l -> !l.isBlank()).map(TestServer::json).forEach(lines::add);
    return lines;
  }

  @Test
  void editorsFindTheModelAndWhatItCan() {
    JsonNode version = TestServer.json(SERVER.get("/api/version"));
    assertThat(version.path("version").asString()).matches("0\\.\\d+\\.\\d+");
    assertThat(version.path("hadal_version").asString()).isEqualTo("1.2.3");
    JsonNode models = TestServer.json(SERVER.get("/api/tags")).path("models");
    assertThat(models).hasSize(2);
    assertThat(models.get(0).path("name").asString()).isEqualTo("tiny:latest");
    assertThat(models.get(0).path("digest").asString()).hasSize(64);
    JsonNode show = TestServer.json(SERVER.post("/api/show", "{'model':'tiny'}"));
    assertThat(show.path("capabilities").valueStream().map(JsonNode::asString))
        .contains("completion", "tools");
    String family = show.at("/model_info/general.architecture").asString();
    assertThat(show.path("model_info").path(family + ".context_length").asInt()).isEqualTo(1024);
    assertThat(TestServer.json(SERVER.get("/api/ps")).path("models")).hasSize(1);
  }

  @Test
  void linesAddUpToTheWholeAnswer() {
    List<JsonNode> lines = lines(SERVER.post("/api/chat", CHAT + "}"));
    StringBuilder text = new StringBuilder();
    for (JsonNode line : lines) {
      assertThat(line.path("done").asBoolean()).isEqualTo(line == lines.getLast());
      text.append(line.at("/message/content").asString());
    }
    JsonNode whole = TestServer.json(SERVER.post("/api/chat", CHAT + ",'stream':false}"));
    assertThat(whole.at("/message/content").asString()).isEqualTo(text.toString()).isNotEmpty();
    for (JsonNode last : List.of(lines.getLast(), whole)) {
      assertThat(last.path("done_reason").asString()).isIn("stop", "length");
      assertThat(last.path("prompt_eval_count").asInt()).isPositive();
      assertThat(last.path("eval_count").asInt()).isBetween(1, 12);
      assertThat(last.path("total_duration").asLong()).isPositive();
    }
  }

  @Test
  void plainTextGoesOnAndHolesAreFilled() {
    String ask = "{'model':'tiny','prompt':'int a','options':{'num_predict':4,'temperature':0}";
    List<JsonNode> raw = lines(SERVER.post("/api/generate", ask + ",'raw':true}"));
    assertThat(raw.getLast().path("prompt_eval_count").asInt()).isLessThan(8);
    assertThat(raw.getFirst().has("response")).isTrue();
    List<JsonNode> turn = lines(SERVER.post("/api/generate", ask + ",'system':'Be brief'}"));
    assertThat(turn.getLast().path("prompt_eval_count").asInt())
        .isGreaterThan(raw.getLast().path("prompt_eval_count").asInt());
    HttpResponse<String> fill = SERVER.post("/api/generate", ask + ",'suffix':';'}");
    assertThat(fill.statusCode()).isEqualTo(SERVER.served.fills() ? 200 : 400);
  }

  @Test
  void resultsOfToolsFindTheirCalls() {
    String history =
        "{'model':'tiny','options':{'num_predict':4},'stream':false,"
            + TOOL
            + ",'messages':[{'role':'user','content':'look'},{'role':'assistant','content':'',"
            + "'tool_calls':[{'function':{'name':'look','arguments':{'path':'a'}}}]},"
            + "{'role':'tool','tool_name':'look','content':'nothing'}]}";
    HttpResponse<String> answer = SERVER.post("/api/chat", history);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    HttpResponse<String> lost =
        SERVER.post(
            "/api/chat", "{'model':'tiny','messages':[{'role':'tool','content':'nothing'}]}");
    assertThat(lost.statusCode()).isEqualTo(400);
    assertThat(TestServer.json(lost).path("error").asString()).contains("messages[0].role");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/api/chat|{'model':'other','messages':[]}|404|other",
        "/api/chat|{'model':'tiny','messages':'x'}|400|messages",
        "/api/chat|{'model':'tiny','think':'much','messages':[{'role':'user','content':'a'}]}|400"
            + "|think",
        "/api/generate|{'model':'tiny','prompt':3}|400|prompt",
        "/api/generate|{|400|body",
        "/api/pull|{'model':'tiny'}|501|not supported"
      })
  void problemsAreOneLine(String path, String body, int status, String named) {
    HttpResponse<String> response = SERVER.post(path, body);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(TestServer.json(response).path("error").asString()).contains(named);
  }

  @Test
  void promptsAreRefusedAndNeverCut() {
    String words = "word ".repeat(200);
    String ask = "{'model':'tiny','prompt':'" + words + "','options':{'num_ctx':64}}";
    HttpResponse<String> response = SERVER.post("/api/generate", ask);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(TestServer.json(response).path("error").asString()).contains("64 tokens");
  }

  @Test
  void aContentTypeIsNotNeeded() {
    HttpResponse<String> response =
        SERVER.send(
            SERVER
                .request("/api/show")
                .POST(HttpRequest.BodyPublishers.ofString("{\"model\":\"tiny\"}"))
                .build());
    assertThat(response.statusCode()).isEqualTo(200);
  }
}
