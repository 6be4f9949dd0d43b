package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What a later request does not compute again is counted in every dialect. */
class CacheUsageTest {
  private static final String TEXT = "Tell me about the sea, its tides and the ships on it. ";

  private static JsonNode usage(TestServer server, String path, String body) {
    return TestServer.json(server.post(path, body)).get("usage");
  }

  @Test
  void everyDialectSaysWhatWasCached() {
    try (TestServer server = new TestServer()) {
      String message = "'messages':[{'role':'user','content':'" + TEXT + "'}],";
      String chat = "{'model':'tiny'," + message + "'max_tokens':4}";
      JsonNode first = usage(server, "/v1/chat/completions", chat);
      assertThat(first.get("prompt_tokens_details").get("cached_tokens").intValue()).isZero();
      JsonNode again = usage(server, "/v1/chat/completions", chat);
      int prompt = again.get("prompt_tokens").intValue();
      assertThat(prompt).isEqualTo(first.get("prompt_tokens").intValue()).isPositive();
      assertThat(again.get("prompt_tokens_details").get("cached_tokens").intValue())
          .isEqualTo(prompt);
      assertThat(again.get("prompt_cache_hit_tokens").intValue()).isEqualTo(prompt);
      assertThat(again.get("prompt_cache_miss_tokens").intValue()).isZero();

      JsonNode messages = usage(server, "/v1/messages", chat);
      assertThat(messages.get("cache_read_input_tokens").intValue()).isEqualTo(prompt);
      assertThat(messages.get("input_tokens").intValue()).isZero();
      assertThat(messages.get("cache_creation_input_tokens").intValue()).isZero();

      JsonNode responses =
          usage(
              server,
              "/v1/responses",
              "{'model':'tiny','max_output_tokens':16,'input':'" + TEXT + "'}");
      assertThat(responses.get("input_tokens_details").get("cached_tokens").intValue())
          .isEqualTo(prompt);

      String text = "{'model':'tiny','max_tokens':4,'prompt':'" + TEXT + "'}";
      usage(server, "/v1/completions", text);
      JsonNode plain = usage(server, "/v1/completions", text);
      assertThat(plain.get("prompt_tokens_details").get("cached_tokens").intValue())
          .isEqualTo(plain.get("prompt_tokens").intValue());
    }
  }
}
