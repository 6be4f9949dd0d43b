package io.hadal.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.formats.Json;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import io.hadal.model.config.NumericMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

/** The examples of docs/library.md. */
class LibraryExamplesTest {
  private static ToolDefinition weather() {
    String json =
        """
        {"name": "weather", "parameters": {"type": "object", "properties":
          {"city": {"enum": ["Oslo", "Rome"]}}, "required": ["city"], "additionalProperties": false}}
        """;
    return new ToolDefinition(
        (ObjectNode) Json.parse(json.getBytes(StandardCharsets.UTF_8), "tool"));
  }

  @Test
  void theExamplesAreThese() throws Exception {
    DocExamples.requireIn(LibraryExamplesTest.class, "## A conversation", "## LangChain4j");
  }

  @Test
  void conversation() {
    // Answers of random weights have no end of their own: the context ends them.
    Path model = TinyModel.folder();
    HadalOptions small = TinyModel.options().context(120);
    try (Hadal hadal = Hadal.load(model, small);
        ChatSession chat = hadal.session()) {
      assertThat(chat.generate("What is a B-tree?").text()).isNotEmpty();
    }
  }

  static void talk(Path model) {
    try (Hadal hadal = Hadal.load(model);
        ChatSession chat = hadal.session()) {
      Reply reply = chat.generate("What is a B-tree?", System.out::print);
      System.out.println(reply.finish() + ", " + reply.usage().output() + " tokens");
      chat.generate("And a B+ tree?", System.out::print);
    }
  }

  @Test
  @SuppressWarnings("NullAway") // calls of a reply have ids
  void toolsTextsAndVectors() {
    HadalOptions options =
        new HadalOptions()
            .context(4096) // tokens; default: the model's, at most 65,536
            .threads(2)
            .mode(NumericMode.KVQ)
            .prefixMemory(64 << 20)
            .thinking(false);
    try (Hadal hadal = Hadal.load(TinyModel.folder(), options)) {
      ToolDefinition weather = weather();
      ChatRequest settings =
          new ChatRequest()
              .messages(List.of(Message.system("You know the weather.")))
              .tools(List.of(weather))
              .toolChoice(ToolChoice.REQUIRED)
              .strictTools(Set.of("weather"))
              .maxTokens(200);
      try (ChatSession chat = hadal.session(settings)) {
        Reply asked = chat.generate("Is it raining in Oslo?");
        List<Message> results = new ArrayList<>();
        for (ToolCall call : asked.toolCalls()) {
          String arguments = call.arguments().stringValue(); // JSON text
          results.add(Message.tool(call.id(), "rain, asked with " + arguments));
        }
        chat.generate(results, event -> {});
      }
      Reply more = hadal.complete(TextRequest.behind("class Node {").maxTokens(16));
      if (hadal.model().fills()) {
        TextRequest hole = TextRequest.between("int add(int a, int b) {", "}").maxTokens(16);
        System.out.println(hadal.complete(hole).text());
      }
      assertThat(more.usage().output()).isPositive();
      float[] vector = hadal.embed("class Node {}");
      assertThat(vector).hasSize(hadal.model().config().hiddenSize());
    }
  }
}
