package io.hadal.formats.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The released encoders' inputs and outputs, compared byte for byte. */
class EncodingVectorsTest {
  private static final String TURN = "<｜Assistant｜><think>";

  private final PromptEncoder v4 = new PromptEncoder(PromptDialect.V4);
  private final PromptEncoder v41 = new PromptEncoder(PromptDialect.V4_1);

  @ParameterizedTest
  @CsvSource({"1,THINKING", "2,THINKING", "3,THINKING", "4,CHAT"})
  void v4Prompts(int number, ThinkingMode mode) {
    JsonNode input = PromptResources.json("v4/test_input_" + number + ".json");
    List<Message> messages =
        new ArrayList<>(Messages.fromJson(input.isArray() ? input : input.get("messages")));
    if (input.has("tools")) {
      messages.set(
          0,
          messages.getFirst().toBuilder()
              .tools(Messages.toolsFromJson(input.get("tools")))
              .build());
    }
    String expected = PromptResources.text("v4/test_output_" + number + ".txt");
    assertThat(v4.render(messages, RenderOptions.of(mode))).isEqualTo(expected);
    assertThat(
            new PromptEncoder(PromptDialect.V4_GRADED_EFFORT)
                .render(messages, RenderOptions.of(mode)))
        .isEqualTo(expected);
  }

  @Test
  void v4TurnsOfTheFirstVector() {
    String prompt = PromptResources.text("v4/test_output_1.txt");
    int first = prompt.indexOf(TURN) + TURN.length();
    Completion call = parseBoth(prompt.substring(first, prompt.indexOf("<｜User｜>", first)));
    assertThat(call.reasoning())
        .isEqualTo(
            "The user wants to know the weather in Beijing. I should use the get_weather tool.");
    assertThat(call.content()).isEmpty();
    assertThat(call.toolCalls()).hasSize(1);
    assertThat(call.toolCalls().getFirst().name()).isEqualTo("get_weather");
    assertThat(call.toolCalls().getFirst().arguments())
        .isEqualTo("{\"location\": \"Beijing\", \"unit\": \"celsius\"}");

    Completion answer = parseBoth(prompt.substring(prompt.lastIndexOf(TURN) + TURN.length()));
    assertThat(answer.reasoning())
        .isEqualTo("Got the weather data. Let me format a nice response.");
    assertThat(answer.content()).contains("22°C");
    assertThat(answer.toolCalls()).isEmpty();
  }

  @Test
  void v4LastTurnOfTheSecondVector() {
    String prompt = PromptResources.text("v4/test_output_2.txt");
    assertThat(prompt).doesNotContain("The user said hello");
    Completion answer = parseBoth(prompt.substring(prompt.lastIndexOf(TURN) + TURN.length()));
    assertThat(answer.reasoning())
        .isEqualTo("The user asks about the capital of France. It is Paris.");
    assertThat(answer.content()).isEqualTo("The capital of France is Paris.");
    assertThat(answer.toolCalls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "01-chat-plain",
        "02-think-default",
        "03-think-system-int-effort",
        "04-think-low",
        "05-think-max-multiturn-dropped",
        "06-think-multiturn-kept",
        "07-tools-nested-args",
        "08-tools-chat-parallel-results-sorted",
        "09-tool-args-odd",
        "10-system-in-the-middle",
        "11-system-last",
        "12-image-blocks",
        "13-image-in-tool-result",
        "14-response-format",
        "15-quick-task-title",
        "16-quick-task-action-thinking",
        "17-latest-reminder",
        "18-continue-without-eos",
        "19-context-and-no-bos",
        "20-no-default-bos",
        "21-consecutive-users",
        "22-tools-on-user-first",
        "23-namespaced-tools"
      })
  void v41Prompts(String name) {
    JsonNode vector = PromptResources.json("v41/" + name + ".json");
    JsonNode input = vector.get("input");
    RenderOptions options = PromptResources.options(input);
    List<Message> messages = Messages.fromJson(input.get("messages"));
    EncodedPrompt prompt = v41.encode(messages, options);
    assertThat(prompt.text()).isEqualTo(PromptResources.text("v41/" + name + ".txt"));
    assertThat(v41.render(messages, options)).isEqualTo(prompt.text());
    assertThat(prompt.segments()).isEqualTo(v41.segments(messages, options));

    ArrayNode images = JsonNodeFactory.instance.arrayNode();
    prompt.images().forEach(i -> images.add(i.toJson()));
    assertThat((JsonNode) images).isEqualTo(vector.get("images"));

    JsonNode completion = vector.get("completion");
    if (completion != null) {
      String text = completion.get("text").stringValue();
      List<Message> continued = new ArrayList<>(messages);
      continued.addAll(
          Messages.fromJson(JsonNodeFactory.instance.arrayNode().add(completion.get("message"))));
      assertThat(v41.render(continued, options)).isEqualTo(prompt.text() + text);
      assertThat(asJson(Completions.parseBothWays(PromptDialect.V4_1, text, options.mode())))
          .isEqualTo(completion.get("parsed"));
    }
  }

  static Stream<JsonNode> refusedInputs() {
    return PromptResources.items(PromptResources.json("v41/errors.json")).stream();
  }

  @ParameterizedTest
  @MethodSource("refusedInputs")
  void v41Refuses(JsonNode vector) {
    JsonNode input = vector.get("input");
    assertThatThrownBy(
            () ->
                v41.render(
                    Messages.fromJson(input.get("messages")), PromptResources.options(input)))
        .as(vector.get("name").stringValue())
        .isInstanceOf(FormatException.class);
  }

  static Stream<JsonNode> parserCases() {
    return PromptResources.items(PromptResources.json("v41/parse.json")).stream();
  }

  @ParameterizedTest
  @MethodSource("parserCases")
  void v41Parses(JsonNode vector) {
    String text = vector.get("text").stringValue();
    ThinkingMode mode = PromptResources.mode(vector);
    if (vector.has("error")) {
      assertThatThrownBy(() -> new CompletionParser(PromptDialect.V4_1).parse(text, mode))
          .isInstanceOf(MalformedCompletionException.class);
    } else {
      assertThat(asJson(Completions.parseBothWays(PromptDialect.V4_1, text, mode)))
          .isEqualTo(vector.get("parsed"));
    }
  }

  private static Completion parseBoth(String text) {
    return Completions.parseBothWays(PromptDialect.V4, text, ThinkingMode.THINKING);
  }

  private static JsonNode asJson(Completion completion) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("role", "assistant");
    json.put("content", completion.content());
    json.put("reasoning_content", completion.reasoning());
    ArrayNode calls = json.putArray("tool_calls");
    for (ParsedToolCall call : completion.toolCalls()) {
      ObjectNode item = calls.addObject().put("type", "function");
      if (call.namespace() != null) {
        item.put("namespace", call.namespace());
      }
      item.putObject("function").put("name", call.name()).put("arguments", call.arguments());
    }
    return json;
  }
}
