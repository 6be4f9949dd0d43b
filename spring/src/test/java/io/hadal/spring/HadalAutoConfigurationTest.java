package io.hadal.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.chat.DocExamples;
import io.hadal.chat.Hadal;
import io.hadal.chat.Problem;
import io.hadal.chat.TinyModel;
import io.hadal.formats.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import reactor.core.publisher.Flux;

/** An application with a model in its process, on random weights. */
class HadalAutoConfigurationTest {
  private static final ApplicationContextRunner EMPTY =
      new ApplicationContextRunner()
          .withConfiguration(AutoConfigurations.of(HadalAutoConfiguration.class));
  private static final ApplicationContextRunner APPLICATION =
      EMPTY.withPropertyValues(
          "hadal.model.path=" + TinyModel.folder(),
          "hadal.model.name=tiny",
          "hadal.model.context=1024",
          "hadal.model.threads=1",
          "hadal.model.thinking=false",
          "hadal.model.embeddings=true");

  /** Arguments of the tool. */
  record City(Name city) {
    enum Name {
      OSLO,
      ROME
    }
  }

  private static void withModel(Consumer<ChatModel> test) {
    APPLICATION.run(context -> test.accept(context.getBean(ChatModel.class)));
  }

  private static HadalChatOptions.Builder options(int maxTokens) {
    return HadalChatOptions.builder().maxTokens(maxTokens).temperature(0.0);
  }

  private static Generation result(ChatResponse response) {
    return Objects.requireNonNull(response.getResult());
  }

  private static String text(ChatResponse response) {
    return String.valueOf(result(response).getOutput().getText());
  }

  @Test
  void thereIsNothingWithoutAPath() {
    EMPTY.run(context -> assertThat(context).doesNotHaveBean(Hadal.class));
    APPLICATION
        .withPropertyValues("spring.ai.model.chat=other")
        .run(context -> assertThat(context).doesNotHaveBean(ChatModel.class));
  }

  @Test
  void streamedAndWholeAnswersAreTheSame() {
    withModel(
        model -> {
          Prompt prompt = new Prompt("Hello", options(12).build());
          ChatResponse whole = model.call(prompt);
          assertThat(text(whole)).isNotEmpty();
          assertThat(result(whole).getMetadata().getFinishReason()).isEqualTo("LENGTH");
          assertThat(whole.getMetadata().getUsage().getCompletionTokens()).isEqualTo(12);
          List<ChatResponse> pieces =
              Objects.requireNonNull(model.stream(prompt).collectList().block());
          StringBuilder streamed = new StringBuilder();
          pieces.forEach(piece -> streamed.append(text(piece)));
          assertThat(streamed).hasToString(text(whole));
          assertThat(pieces.size()).isGreaterThan(2);
          assertThat(pieces.getLast().getMetadata().getUsage().getTotalTokens())
              .isEqualTo(whole.getMetadata().getUsage().getTotalTokens());
          String client =
              ChatClient.create(model).prompt("Hello").options(options(12)).call().content();
          assertThat(client).isEqualTo(text(whole));
        });
  }

  @Test
  void toolsAreCalledAndSchemasKept() {
    withModel(
        model -> {
          var weather =
              FunctionToolCallback.builder("weather", (City city) -> "rain in " + city.city())
                  .description("Weather of a city")
                  .inputType(City.class)
                  .build();
          HadalChatOptions options = options(300).toolRequired(true).toolCallbacks(weather).build();
          List<Message> messages = new ArrayList<>();
          messages.add(new UserMessage("Weather?"));
          ChatResponse response = model.call(new Prompt(messages, options));
          assertThat(response.hasToolCalls()).isTrue();
          messages.add(result(response).getOutput());
          var call = result(response).getOutput().getToolCalls().getFirst();
          String result = weather.call(call.arguments());
          assertThat(result).containsAnyOf("rain in OSLO", "rain in ROME");
          messages.add(
              ToolResponseMessage.builder()
                  .responses(
                      result(response).getOutput().getToolCalls().stream()
                          .map(c -> new ToolResponseMessage.ToolResponse(c.id(), c.name(), result))
                          .toList())
                  .build());
          assertThat(text(model.call(new Prompt(messages, options(4).build())))).isNotNull();
          String schema =
              "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},"
                  + "\"required\":[\"ok\"],\"additionalProperties\":false}";
          String json =
              text(model.call(new Prompt("Is it?", options(60).outputSchema(schema).build())));
          assertThat(
                  Json.parse(json.getBytes(StandardCharsets.UTF_8), "answer")
                      .path("ok")
                      .isBoolean())
              .isTrue();
        });
  }

  @Test
  void aStreamEndsWithItsSubscription() {
    APPLICATION.run(
        context -> {
          ChatModel model = context.getBean(ChatModel.class);
          assertThat(model.stream(new Prompt("Hello", options(900).build())).blockFirst())
              .isNotNull();
          var dispatcher = context.getBean(Hadal.class).model().dispatcher();
          while (dispatcher.stats().running() > 0) {
            Thread.sleep(5);
          }
          assertThat(dispatcher.stats().generatedTokens()).isLessThan(900);
        });
  }

  @Test
  void whatCannotBeAnsweredIsSaid() {
    withModel(
        model -> {
          assertThatThrownBy(() -> model.call("word ".repeat(3000)))
              .isInstanceOf(Problem.class)
              .hasMessageContaining("maximum context length");
          assertThatThrownBy(() -> model.stream(new Prompt("word ".repeat(3000))).blockLast())
              .isInstanceOf(Problem.class);
          assertThatThrownBy(
                  () -> model.call(new Prompt("Hello", options(1).model("other").build())))
              .hasMessageContaining("other");
        });
  }

  @Test
  void theExampleOfTheDocumentIsThis() throws Exception {
    DocExamples.requireIn(HadalAutoConfigurationTest.class, "## Spring AI", "## Speed");
    withModel(
        model -> {
          Flux<String> pieces =
              ChatClient.create(model)
                  .prompt("What is a B-tree?")
                  .options(HadalChatOptions.builder().maxTokens(64).thinking(false))
                  .stream()
                  .content();
          assertThat(pieces.collectList().block()).isNotEmpty();
        });
  }

  @Test
  void embeddings() {
    APPLICATION.run(
        context -> {
          EmbeddingModel model = context.getBean(EmbeddingModel.class);
          assertThat(model.embed("Hello"))
              .hasSize(model.dimensions())
              .isEqualTo(context.getBean(Hadal.class).embed("Hello"));
        });
  }
}
