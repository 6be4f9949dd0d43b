package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.responses.ResponseCreateParams;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The vendors' own clients understand what the server says. */
class SdkTest {
  private static final TestServer SERVER = new TestServer();
  private static final OpenAIClient OPENAI =
      OpenAIOkHttpClient.builder().baseUrl(SERVER.url("/v1")).apiKey("none").build();
  private static final AnthropicClient ANTHROPIC =
      AnthropicOkHttpClient.builder().baseUrl(SERVER.url("")).apiKey("none").build();

  @AfterAll
  static void stop() {
    OPENAI.close();
    ANTHROPIC.close();
    SERVER.close();
  }

  private static ChatCompletionCreateParams.Builder chat() {
    return ChatCompletionCreateParams.builder()
        .model("tiny")
        .temperature(0)
        .maxCompletionTokens(8)
        .addUserMessage("Hello");
  }

  @Test
  void openAiChat() {
    var whole = OPENAI.chat().completions().create(chat().build());
    String text = whole.choices().getFirst().message().content().orElseThrow();
    ChatCompletionAccumulator sum = ChatCompletionAccumulator.create();
    try (var stream =
        OPENAI
            .chat()
            .completions()
            .createStreaming(
                chat()
                    .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build())
                    .build())) {
      stream.stream().forEach(sum::accumulate);
    }
    assertThat(sum.chatCompletion().choices().getFirst().message().content()).hasValue(text);
    assertThat(sum.chatCompletion().usage().orElseThrow().completionTokens())
        .isEqualTo(whole.usage().orElseThrow().completionTokens());
  }

  @Test
  void openAiResponses() {
    StringBuilder text = new StringBuilder();
    boolean[] ended = new boolean[1];
    try (var stream =
        OPENAI
            .responses()
            .createStreaming(
                ResponseCreateParams.builder()
                    .model("tiny")
                    .input("Hello")
                    .maxOutputTokens(16)
                    .temperature(0)
                    .build())) {
      stream.stream()
          .forEach(
              event -> {
                event.outputTextDelta().ifPresent(d -> text.append(d.delta()));
                ended[0] |= event.isCompleted() || event.isIncomplete();
              });
    }
    assertThat(text).isNotEmpty();
    assertThat(ended[0]).isTrue();
  }

  @Test
  void openAiEmbeddings() {
    var answer =
        OPENAI
            .embeddings()
            .create(EmbeddingCreateParams.builder().model("tiny").input("Hello").build());
    float[] vector = SERVER.served.vector(SERVER.served.embed(SERVER.served.tokenizeText("Hello")));
    assertThat(answer.data().getFirst().embedding()).hasSize(vector.length);
    assertThat(answer.data().getFirst().embedding().getFirst()).isEqualTo(vector[0]);
    assertThat(answer.usage().promptTokens()).isPositive();
  }

  @Test
  void openAiModelsAndErrors() {
    assertThat(OPENAI.models().list().data()).extracting(m -> m.id()).contains("tiny");
    assertThatThrownBy(() -> OPENAI.chat().completions().create(chat().model("other").build()))
        .isInstanceOf(com.openai.errors.NotFoundException.class)
        .hasMessageContaining("other");
  }

  @Test
  void anthropicMessages() {
    MessageCreateParams ask =
        MessageCreateParams.builder()
            .model("tiny")
            .maxTokens(8)
            .putAdditionalBodyProperty("temperature", JsonValue.from(0))
            .addUserMessage("Hello")
            .build();
    String whole =
        ANTHROPIC.messages().create(ask).content().getFirst().text().orElseThrow().text();
    StringBuilder text = new StringBuilder();
    boolean[] stopped = new boolean[1];
    try (var stream = ANTHROPIC.messages().createStreaming(ask)) {
      stream.stream()
          .forEach(
              event -> {
                event
                    .contentBlockDelta()
                    .flatMap(d -> d.delta().text())
                    .ifPresent(t -> text.append(t.text()));
                stopped[0] |= event.isMessageStop();
              });
    }
    assertThat(text).hasToString(whole);
    assertThat(stopped[0]).isTrue();
    assertThat(
            ANTHROPIC
                .messages()
                .countTokens(
                    MessageCountTokensParams.builder()
                        .model("tiny")
                        .addUserMessage("Hello")
                        .build())
                .inputTokens())
        .isPositive();
    assertThat(ANTHROPIC.models().list().data()).extracting(m -> m.id()).contains("tiny");
  }

  @Test
  void anthropicErrors() {
    assertThatThrownBy(
            () ->
                ANTHROPIC
                    .messages()
                    .create(
                        MessageCreateParams.builder()
                            .model("other")
                            .maxTokens(8)
                            .addUserMessage("Hello")
                            .build()))
        .isInstanceOf(com.anthropic.errors.NotFoundException.class);
  }
}
