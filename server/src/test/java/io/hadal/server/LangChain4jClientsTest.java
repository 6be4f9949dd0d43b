package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.anthropic.AnthropicTokenUsage;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** LangChain4j's clients of two vendors over HTTP: stream, tools and usage. */
class LangChain4jClientsTest {
  private static final int MOST = 200;

  private static final TestServer SERVER = new TestServer(null, ServerLimits.DEFAULT, 4096, 16);

  private static final ToolSpecification WEATHER =
      ToolSpecification.builder()
          .name("weather")
          .description("Weather of a city.")
          .parameters(
              JsonObjectSchema.builder()
                  .addEnumProperty("city", List.of("Oslo", "Rome"))
                  .required("city")
                  .build())
          .build();

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  static Stream<Named<StreamingChatModel>> models() {
    return Stream.of(
        Named.of(
            "openai",
            OpenAiStreamingChatModel.builder()
                .baseUrl(SERVER.url("/v1"))
                .apiKey("none")
                .modelName("tiny")
                .temperature(0.0)
                .maxCompletionTokens(MOST)
                .build()),
        Named.of(
            "anthropic",
            AnthropicStreamingChatModel.builder()
                .baseUrl(SERVER.url("/v1"))
                .apiKey("none")
                .modelName("tiny")
                .temperature(0.0)
                .maxTokens(MOST)
                .build()));
  }

  /** An answer, and its text as it came. */
  private record Streamed(ChatResponse whole, String pieces) {}

  private static Streamed ask(
      StreamingChatModel model, Function<ChatRequest.Builder, ChatRequest.Builder> settings)
      throws Exception {
    StringBuilder pieces = new StringBuilder();
    CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
    model.chat(
        settings.apply(ChatRequest.builder()).build(),
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String text) {
            pieces.append(text);
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            whole.complete(response);
          }

          @Override
          public void onError(Throwable error) {
            whole.completeExceptionally(error);
          }
        });
    return new Streamed(whole.get(60, TimeUnit.SECONDS), pieces.toString());
  }

  @ParameterizedTest
  @MethodSource("models")
  void streamsCallsAToolAndCounts(StreamingChatModel model) throws Exception {
    List<ChatMessage> talk = new ArrayList<>(List.of(UserMessage.from("Weather?")));
    ChatResponse call =
        ask(
                model,
                r -> r.messages(talk).toolSpecifications(WEATHER).toolChoice(ToolChoice.REQUIRED))
            .whole;
    assertThat(call.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
    ToolExecutionRequest weather = call.aiMessage().toolExecutionRequests().getFirst();
    assertThat(weather.name()).isEqualTo("weather");
    assertThat(TestServer.json(weather.arguments()).isObject()).isTrue();

    talk.add(call.aiMessage());
    for (ToolExecutionRequest request : call.aiMessage().toolExecutionRequests()) {
      talk.add(ToolExecutionResultMessage.from(request, "rain"));
    }
    Streamed answer =
        ask(model, r -> r.messages(talk).toolSpecifications(WEATHER).toolChoice(ToolChoice.NONE));
    assertThat(answer.whole.aiMessage().text()).isNotEmpty().isEqualTo(answer.pieces);
    assertThat(answer.whole.tokenUsage().outputTokenCount()).isBetween(1, MOST);
    // The client has read what the server counted, of both turns.
    for (TokenUsage usage : List.of(call.tokenUsage(), answer.whole.tokenUsage())) {
      assertThat(input(usage)).isPositive();
      SERVER.awaitLog("\"input_tokens\":" + input(usage) + ",");
    }
  }

  /** Tokens of the prompt; Anthropic counts what was read from the cache or kept there apart. */
  private static int input(TokenUsage usage) {
    return usage instanceof AnthropicTokenUsage apart
        ? apart.inputTokenCount() + apart.cacheReadInputTokens() + apart.cacheCreationInputTokens()
        : usage.inputTokenCount();
  }
}
