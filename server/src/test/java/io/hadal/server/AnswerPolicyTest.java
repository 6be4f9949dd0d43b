package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.chat.AnswerFormat;
import io.hadal.chat.ChatRequest;
import io.hadal.chat.Problem;
import io.hadal.server.http.ListenerOptions;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class AnswerPolicyTest {
  private static final String BODY =
      "{\"model\": \"tiny\", \"max_tokens\": 30, \"messages\": [{\"role\": \"user\", \"content\":"
          + " \"%s\"}]}";

  @Test
  void aPolicyDecidesTheAnswerAndLeavesThePrompt() {
    try (TestServer plain = new TestServer();
        HadalServer ruled =
            new HadalServer(
                new ServerOptions(
                    new ListenerOptions("127.0.0.1", 0, 16, null, null),
                    null,
                    ServerLimits.DEFAULT,
                    line -> {},
                    "1"),
                plain.served,
                AnswerPolicyTest::sayYes)) {
      String asked = BODY.formatted("Well?");
      JsonNode usual = TestServer.json(plain.post("/v1/chat/completions", asked));
      JsonNode answer = TestServer.json(post(plain, ruled, asked));
      assertThat(answer.at("/choices/0/message/content").asString()).isEqualTo("yes");
      assertThat(answer.at("/choices/0/finish_reason").asString()).isEqualTo("stop");
      assertThat(answer.at("/usage/prompt_tokens")).isEqualTo(usual.at("/usage/prompt_tokens"));
      assertThat(post(plain, ruled, BODY.formatted("never")).statusCode()).isEqualTo(400);
    }
  }

  private static ChatRequest sayYes(ChatRequest request) {
    if ("never".equals(request.messages().getLast().text())) {
      throw Problem.unsupported("messages", "are refused");
    }
    return new ChatRequest().format(new AnswerFormat.OneOf(List.of("yes"), "response_format"));
  }

  private static HttpResponse<String> post(TestServer client, HadalServer server, String body) {
    return client.send(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.port() + "/v1/chat/completions"))
            .timeout(TestServer.PATIENCE)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }
}
