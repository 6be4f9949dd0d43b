package io.hadal.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import io.hadal.chat.DocExamples;
import io.hadal.chat.Hadal;
import io.hadal.chat.TinyModel;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Chat, streaming and embeddings through LangChain4j's interfaces, on random weights. */
class LangChain4jTest {
  private static final Hadal HADAL = TinyModel.load();
  private static final HadalChatModel MODEL = HadalChatModel.builder().hadal(HADAL).build();
  private static final HadalStreamingChatModel STREAMING =
      HadalStreamingChatModel.builder().hadal(HADAL).build();
  private static final ToolSpecification WEATHER =
      ToolSpecification.builder()
          .name("weather")
          .description("Weather of a city")
          .parameters(
              JsonObjectSchema.builder()
                  .addEnumProperty("city", List.of("Oslo", "Rome"))
                  .required("city")
                  .additionalProperties(false)
                  .build())
          .strict(true)
          .build();

  @AfterAll
  static void close() {
    HADAL.close();
  }

  private static ChatRequest.Builder ask(String text) {
    return ChatRequest.builder()
        .messages(SystemMessage.from("Be brief."), UserMessage.from(text))
        .temperature(0.0)
        .maxOutputTokens(12);
  }

  private static JsonNode json(String text) {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8), "test");
  }

  /** What a handler is told. */
  private static class Told implements StreamingChatResponseHandler {
    final StringBuffer text = new StringBuffer();
    final StringBuffer thinking = new StringBuffer();
    final StringBuffer arguments = new StringBuffer();
    final List<CompleteToolCall> calls = new ArrayList<>();
    final CompletableFuture<ChatResponse> end = new CompletableFuture<>();

    @Override
    public void onPartialResponse(String piece) {
      text.append(piece);
    }

    @Override
    public void onPartialThinking(PartialThinking piece) {
      thinking.append(piece.text());
    }

    @Override
    public void onPartialToolCall(PartialToolCall piece) {
      arguments.append(piece.partialArguments());
    }

    @Override
    public void onCompleteToolCall(CompleteToolCall call) {
      calls.add(call);
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
      end.complete(response);
    }

    @Override
    public void onError(Throwable error) {
      end.completeExceptionally(error);
    }

    ChatResponse response() throws Exception {
      return end.get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void streamedAndWholeAnswersAreTheSame() throws Exception {
    ChatResponse whole = MODEL.chat(ask("Hello").build());
    assertThat(whole.aiMessage().text()).isNotEmpty();
    assertThat(whole.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(whole.tokenUsage().outputTokenCount()).isEqualTo(12);
    assertThat(whole.tokenUsage().totalTokenCount())
        .isEqualTo(12 + whole.tokenUsage().inputTokenCount());
    assertThat(whole.modelName()).isEqualTo("tiny");
    Told told = new Told();
    STREAMING.chat(ask("Hello").build(), told);
    assertThat(told.response().aiMessage()).isEqualTo(whole.aiMessage());
    assertThat(told.text).hasToString(whole.aiMessage().text());
  }

  @Test
  void reasoningIsApartFromTheAnswer() throws Exception {
    Told told = new Told();
    HadalStreamingChatModel.builder()
        .hadal(HADAL)
        .thinking(true)
        .effort("low")
        .seed(3L)
        .build()
        .chat(ask("Hello").build(), told);
    String thinking = told.response().aiMessage().thinking();
    assertThat(thinking).isNotEmpty();
    assertThat(told.thinking).hasToString(thinking);
  }

  @Test
  void toolsAreCalledAndAnswered() throws Exception {
    ChatRequest request =
        ask("Weather?")
            .maxOutputTokens(400)
            .toolSpecifications(WEATHER)
            .toolChoice(ToolChoice.REQUIRED)
            .build();
    Told told = new Told();
    STREAMING.chat(request, told);
    ChatResponse response = told.response();
    assertThat(response.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
    List<ToolExecutionRequest> calls = response.aiMessage().toolExecutionRequests();
    assertThat(calls).isNotEmpty();
    assertThat(told.calls)
        .extracting(CompleteToolCall::toolExecutionRequest)
        .containsExactlyElementsOf(calls);
    StringBuilder all = new StringBuilder();
    List<ChatMessage> messages = new ArrayList<>(request.messages());
    messages.add(response.aiMessage());
    for (ToolExecutionRequest call : calls) {
      assertThat(call.name()).isEqualTo("weather");
      assertThat(json(call.arguments()).path("city").stringValue()).isIn("Oslo", "Rome");
      all.append(call.arguments());
      messages.add(ToolExecutionResultMessage.from(call, "rain"));
    }
    assertThat(told.arguments).hasToString(all.toString());
    ChatResponse next =
        MODEL.chat(
            ChatRequest.builder()
                .messages(messages)
                .toolSpecifications(WEATHER)
                .maxOutputTokens(4)
                .build());
    assertThat(next.tokenUsage().inputTokenCount())
        .isGreaterThan(response.tokenUsage().inputTokenCount());
  }

  @Test
  void schemasAndStopSequencesAreKept() {
    ResponseFormat format =
        ResponseFormat.builder()
            .type(ResponseFormatType.JSON)
            .jsonSchema(
                JsonSchema.builder()
                    .name("Answer")
                    .rootElement(
                        JsonObjectSchema.builder()
                            .addBooleanProperty("ok")
                            .required("ok")
                            .additionalProperties(false)
                            .build())
                    .build())
            .build();
    ChatResponse whole =
        MODEL.chat(ask("Is it?").maxOutputTokens(100).responseFormat(format).build());
    assertThat(json(whole.aiMessage().text()).path("ok").isBoolean()).isTrue();
    assertThat(whole.finishReason()).isEqualTo(FinishReason.STOP);
    String stop = whole.aiMessage().text().substring(1, 3);
    ChatResponse stopped =
        MODEL.chat(
            ask("Is it?")
                .maxOutputTokens(100)
                .responseFormat(format)
                .stopSequences(List.of(stop))
                .build());
    assertThat(stopped.aiMessage().text()).isEqualTo(whole.aiMessage().text().substring(0, 1));
    assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void aStreamCanBeCancelled() throws Exception {
    CompletableFuture<Boolean> cancelled = new CompletableFuture<>();
    Told told =
        new Told() {
          @Override
          public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
            text.append(piece.text());
            context.streamingHandle().cancel();
            cancelled.complete(context.streamingHandle().isCancelled());
          }
        };
    STREAMING.chat(ask("Hello").maxOutputTokens(600).temperature(1.0).build(), told);
    assertThat(cancelled.get(60, TimeUnit.SECONDS)).isTrue();
    while (HADAL.model().dispatcher().stats().running() > 0) {
      Thread.sleep(5);
    }
    assertThat(told.end).isNotDone();
  }

  @Test
  void whatCannotBeDoneIsSaidInLangChain4jsTerms() {
    assertThatThrownBy(
            () -> MODEL.chat(UserMessage.from(ImageContent.from("https://example.org/cat.png"))))
        .isExactlyInstanceOf(UnsupportedFeatureException.class)
        .hasMessageContaining("image");
    assertThatThrownBy(() -> MODEL.chat(ask("Hello").modelName("other").build()))
        .isExactlyInstanceOf(ModelNotFoundException.class);
    assertThatThrownBy(() -> MODEL.chat("word ".repeat(3000)))
        .isExactlyInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("maximum context length");
    assertThatThrownBy(
            () ->
                MODEL.chat(
                    UserMessage.from("?"),
                    AiMessage.from("!"),
                    ToolExecutionResultMessage.from("call_x", "weather", "rain")))
        .isExactlyInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("call_x");
    Told told = new Told();
    STREAMING.chat("word ".repeat(3000), told);
    assertThatThrownBy(told::response).hasCauseExactlyInstanceOf(InvalidRequestException.class);
  }

  @Test
  void defaultsApplyWhereRequestsSayNothing() {
    HadalChatModel brief =
        HadalChatModel.builder()
            .hadal(HADAL)
            .defaultRequestParameters(
                ChatRequestParameters.builder().maxOutputTokens(3).temperature(0.0).build())
            .build();
    ChatRequest hello = ChatRequest.builder().messages(UserMessage.from("Hello")).build();
    assertThat(brief.chat(hello).tokenUsage().outputTokenCount()).isEqualTo(3);
  }

  @Test
  void theExampleOfTheDocumentIsThis() throws Exception {
    DocExamples.requireIn(LangChain4jTest.class, "## LangChain4j", "## Spring AI");
    assertThat(ask(HADAL)).isNotEmpty();
  }

  private static String ask(Hadal hadal) {
    ChatModel model =
        HadalChatModel.builder()
            .hadal(hadal)
            .defaultRequestParameters(ChatRequestParameters.builder().maxOutputTokens(64).build())
            .build();
    String answer = model.chat("What is a B-tree?");
    return answer;
  }

  @Test
  void embeddings() {
    HadalEmbeddingModel model = HadalEmbeddingModel.builder().hadal(HADAL).build();
    float[] one = model.embed("class Node {}").content().vector();
    assertThat(one).isEqualTo(HADAL.embed("class Node {}")).hasSize(model.dimension());
    var all = model.embedAll(List.of(TextSegment.from("class Node {}"), TextSegment.from("Hello")));
    assertThat(all.content().getFirst().vector()).isEqualTo(one);
    assertThat(all.content().getLast().vector()).isNotEqualTo(one);
    assertThat(all.tokenUsage()).isNotNull();
    assertThatThrownBy(() -> model.embed("word ".repeat(3000)))
        .isExactlyInstanceOf(InvalidRequestException.class);
  }
}
