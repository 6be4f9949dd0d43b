package io.hadal.server.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.chat.Usage;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class UsageTest {
  private final Usage usage = new Usage(200, 5000, 1000, 250, 50);

  @Test
  void openAi() {
    JsonNode json = OpenAiFields.usage(usage);
    assertThat(json.get("prompt_tokens").intValue()).isEqualTo(6200);
    assertThat(json.get("prompt_tokens_details").get("cached_tokens").intValue()).isEqualTo(5000);
    assertThat(json.get("completion_tokens").intValue()).isEqualTo(300);
    assertThat(json.get("total_tokens").intValue()).isEqualTo(6500);
    assertThat(json.get("prompt_cache_hit_tokens").intValue()).isEqualTo(5000);
    assertThat(json.get("prompt_cache_miss_tokens").intValue()).isEqualTo(1200);
  }

  @Test
  void anthropic() {
    JsonNode json = MessagesApi.usage(usage);
    assertThat(json.get("input_tokens").intValue()).isEqualTo(200);
    assertThat(json.get("cache_read_input_tokens").intValue()).isEqualTo(5000);
    assertThat(json.get("cache_creation_input_tokens").intValue()).isEqualTo(1000);
    assertThat(json.get("output_tokens").intValue()).isEqualTo(300);
    assertThat(json.get("output_tokens_details").get("thinking_tokens").intValue()).isEqualTo(50);
  }

  @Test
  void responses() {
    JsonNode json = ResponsesApi.usage(usage);
    assertThat(json.get("input_tokens").intValue()).isEqualTo(6200);
    assertThat(json.get("input_tokens_details").get("cached_tokens").intValue()).isEqualTo(5000);
    assertThat(json.get("output_tokens_details").get("reasoning_tokens").intValue()).isEqualTo(50);
    assertThat(json.get("total_tokens").intValue()).isEqualTo(6500);
  }
}
