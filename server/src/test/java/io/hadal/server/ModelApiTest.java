package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.server.admin.AnswerCheck;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ModelApiTest {
  private static final TestServer SERVER = new TestServer();

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  /** Answers of all dialects, whole and as streams, are what the description says. */
  @Test
  void answersAreAsDescribed() {
    AnswerCheck answers = new AnswerCheck(TestServer.json(SERVER.get("/openapi.json")));
    String chat = "'model':'tiny','max_tokens':%s,'messages':[{'role':'user','content':'Hi'}]%s}";
    String prompt = "{'model':'tiny','max_tokens':4,'prompt':'Once'%s}";
    String input = "{'model':'tiny','max_output_tokens':9,'input':'Hi'%s}";
    String tools =
        ",'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object',"
            + "'properties':{'a':{'type':'boolean'}}}}}],'tool_choice':'required',"
            + "'thinking':{'type':'disabled'}";
    String[][] calls = {
      {"/v1/chat/completions", "{" + chat.formatted(8, ",'logprobs':true,'top_logprobs':2")},
      {"/v1/chat/completions", "{" + chat.formatted(90, tools)},
      {"/v1/completions", prompt.formatted("")},
      {"/v1/responses", input.formatted("")},
      {
        "/v1/messages",
        "{" + chat.formatted(8, ",'thinking':{'type':'enabled','budget_tokens':1024}")
      },
      {"/v1/messages", "{" + chat.formatted(4, ",'thinking':{'type':'disabled'}")},
      {"/api/chat", "{" + chat.formatted(8, ",'stream':false")},
      {"/api/generate", prompt.formatted(",'stream':false")},
    };
    for (String[] call : calls) {
      HttpResponse<String> whole = SERVER.post(call[0], call[1]);
      answers.check("POST", call[0], whole.statusCode(), whole.body());
      String asked =
          call[1].contains("'stream':false")
              ? call[1].replace(",'stream':false", "")
              : call[1].replaceFirst("}$", ",'stream':true}");
      HttpResponse<String> stream = SERVER.post(call[0], asked);
      assertThat(stream.statusCode()).as(stream.body()).isEqualTo(200);
      List<String> events =
          stream
              .body()
              .lines()
              .filter(line -> line.startsWith("{") || line.startsWith("data: {"))
              .map(line -> line.replaceFirst("^data: ", ""))
              .toList();
      assertThat(events).as(stream.body()).hasSizeGreaterThan(1);
      events.forEach(event -> answers.event(call[0], event));
    }
    String[][] others = {
      {"/v1/responses/input_tokens", input.formatted("")},
      {"/v1/messages/count_tokens", "{" + chat.formatted(8, "")},
      {"/v1/embeddings", "{'model':'tiny','input':['a','b']}"},
      {"/v1/embeddings", "{'model':'tiny','input':'a','encoding_format':'base64'}"},
      {"/api/embed", "{'model':'tiny','input':'a'}"},
      {"/api/show", "{'model':'tiny'}"},
    };
    for (String[] call : others) {
      HttpResponse<String> answer = SERVER.post(call[0], call[1]);
      answers.check("POST", call[0], answer.statusCode(), answer.body());
    }
    for (String path :
        List.of("/v1/models", "/v1/models/tiny", "/api/tags", "/api/ps", "/api/version")) {
      HttpResponse<String> answer = SERVER.get(path);
      answers.check("GET", path, answer.statusCode(), answer.body());
    }
  }
}
