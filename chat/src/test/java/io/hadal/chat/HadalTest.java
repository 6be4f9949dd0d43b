package io.hadal.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.chat.TurnEvent.Finish;
import io.hadal.engine.serving.GenerationHandle;
import io.hadal.engine.serving.GenerationRequest;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.prompt.ToolDefinition;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The engine as a library, on a model with random weights. */
class HadalTest {
  private static final Hadal HADAL = TinyModel.load();
  private static final Sampling GREEDY =
      new Sampling(0.0, null, null, null, null, null, null, null, Map.of());

  @TempDir private Path folder = Path.of("");

  @AfterAll
  static void close() {
    HADAL.close();
  }

  private static ChatRequest settings() {
    return new ChatRequest().sampling(GREEDY).maxTokens(12);
  }

  private static ChatRequest ask(String text) {
    return settings().messages(List.of(Message.user(text)));
  }

  private static JsonNode json(String text) {
    return Json.parse(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "test");
  }

  private static ToolDefinition weather() {
    return new ToolDefinition(
        (ObjectNode)
            json(
                "{'name':'weather','parameters':{'type':'object','properties':{'city':{'enum':"
                    + "['Oslo','Rome']}},'required':['city'],'additionalProperties':false}}"));
  }

  @Test
  void aPauseThatComesTooLateIsTakenBack() {
    TurnRequest request =
        new TurnRequest(
            GenerationRequest.of(new int[] {1}, 4096, "a"), null, List.of(), false, List.of());
    AtomicBoolean paused = new AtomicBoolean();
    try (Generation generation = new Generation(HADAL.model(), request)) {
      generation.start(
          new GenerationHandle() {
            @Override
            public long id() {
              return 1;
            }

            @Override
            public void cancel() {
              paused.set(false);
            }

            @Override
            public void pause() {
              // The owner takes all there is while the engine's thread is on its way here.
              TurnEvent event = generation.next(Duration.ZERO);
              while (event != null) {
                event = generation.next(Duration.ZERO);
              }
              paused.set(true);
            }

            @Override
            public void resume() {
              paused.set(false);
            }
          });
      for (int i = 0; i < 3000; i++) {
        generation.listener().onToken(0, 5, Double.NaN, List.of());
      }
      assertThat(paused).isFalse();
    }
  }

  @Test
  void aConversationStreamsAndKeepsItsHistory() {
    StringBuilder streamed = new StringBuilder();
    try (ChatSession chat =
        HADAL.session(settings().messages(List.of(Message.system("Be brief."))))) {
      Reply first = chat.generate("Hello, what is a list?", streamed::append);
      assertThat(first.text()).isNotEmpty().isEqualTo(streamed.toString());
      assertThat(first.finish()).isEqualTo(Finish.LENGTH);
      assertThat(first.usage().output()).isEqualTo(12);
      Reply second = chat.generate("And a set?");
      // What was said before is not computed again.
      assertThat(second.usage().cacheRead()).isGreaterThan(first.usage().input());
      assertThat(chat.messages())
          .extracting(m -> m.role().name())
          .containsExactly("system", "user", "assistant", "user", "assistant");
      // The same conversation without a session, computed anew.
      Reply stateless =
          HADAL.chat(
              settings()
                  .client(new ChatRequest.Client("", "other"))
                  .messages(chat.messages().subList(0, 4)));
      assertThat(stateless.text()).isEqualTo(second.text());
    }
  }

  @Test
  void sessionsRunAtOnceAndGiveWhatEachGivesAlone() throws Exception {
    List<String> alone = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      alone.add(HADAL.chat(ask("Count to " + i)).text());
    }
    try (var threads = Executors.newFixedThreadPool(4)) {
      List<Future<String>> answers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String text = "Count to " + i;
        answers.add(
            threads.submit(
                () -> {
                  try (ChatSession chat = HADAL.session(settings())) {
                    return chat.generate(text).text();
                  }
                }));
      }
      for (int i = 0; i < 4; i++) {
        assertThat(answers.get(i).get()).isEqualTo(alone.get(i));
      }
    }
  }

  @Test
  void toolsAreCalledAndTheirResultsTakenIn() {
    ChatRequest settings =
        settings()
            .maxTokens(200)
            .tools(List.of(weather()))
            .toolChoice(ToolChoice.REQUIRED)
            .strictTools(java.util.Set.of("weather"))
            .parallelCalls(false);
    List<TurnEvent> events = new ArrayList<>();
    try (ChatSession chat = HADAL.session(settings)) {
      Reply reply = chat.generate(List.of(Message.user("Weather?")), events::add);
      assertThat(reply.finish()).isEqualTo(Finish.TOOL_CALLS);
      ToolCall call = reply.toolCalls().getFirst();
      assertThat(call.name()).isEqualTo("weather");
      assertThat(json(call.arguments().stringValue()).path("city").stringValue())
          .isIn("Oslo", "Rome");
      assertThat(events)
          .filteredOn(TurnEvent.CallStart.class::isInstance)
          .extracting(e -> Hadal.callId((TurnEvent.CallStart) e))
          .containsExactly(call.id());
      Reply next = chat.generate(List.of(Message.tool(call.id() + "", "rain")), e -> {});
      // Of the call itself as much as was written in the tokens that its text is read as.
      assertThat(next.usage().cacheRead()).isGreaterThanOrEqualTo(reply.usage().input());
      assertThatThrownBy(() -> chat.generate(List.of(Message.tool("call_x", "?")), e -> {}))
          .isInstanceOf(Problem.class)
          .hasMessageContaining("call_x");
      assertThat(chat.messages()).hasSize(4);
    }
  }

  @Test
  void formatsAndReasoningAreKept() {
    JsonNode schema =
        json(
            "{'type':'object','properties':{'ok':{'type':'boolean'}},'required':['ok'],"
                + "'additionalProperties':false}");
    Reply reply =
        HADAL.chat(
            ask("Is it?")
                .maxTokens(400)
                .thinking(true)
                .format(new AnswerFormat.OneOf(List.of("yes", "no"), "format")));
    assertThat(reply.reasoning()).isNotEmpty();
    Reply formatted =
        HADAL.chat(
            ask("Is it?")
                .maxTokens(60)
                .format(new AnswerFormat.JsonSchema(schema, true, "format")));
    assertThat(json(formatted.text()).path("ok").isBoolean()).isTrue();
    assertThat(formatted.finish()).isEqualTo(Finish.STOP);
    assertThat(formatted.reasoning()).isEmpty();
  }

  @Test
  void plainTextsGoOnAndHolesAreFilled() {
    StringBuilder streamed = new StringBuilder();
    Reply behind =
        HADAL.complete(
            TextRequest.behind("class Node {").sampling(GREEDY).maxTokens(8), streamed::append);
    assertThat(behind.text()).isNotEmpty().isEqualTo(streamed.toString());
    assertThat(behind.usage().output()).isEqualTo(8);
    if (HADAL.model().fills()) {
      Reply hole =
          HADAL.complete(
              TextRequest.between("int add(int a, int b) {", "}").sampling(GREEDY).maxTokens(8));
      assertThat(hole.usage().output()).isPositive();
    }
    String stop = behind.text().substring(1, 3);
    Reply stopped =
        HADAL.complete(
            TextRequest.behind("class Node {").sampling(GREEDY).maxTokens(8).stops(List.of(stop)));
    assertThat(stopped.finish()).isEqualTo(Finish.STOP_STRING);
    assertThat(stopped.stop()).isEqualTo(stop);
    assertThat(behind.text()).startsWith(stopped.text());
  }

  @Test
  void anAnswerCanBeCancelled() {
    ChatRequest endless =
        settings().maxTokens(900).format(new AnswerFormat.Pattern("[a-c]{880,}", "format"));
    try (ChatSession chat = HADAL.session(endless)) {
      Reply cut = chat.generate("Go on", text -> chat.cancel());
      assertThat(cut.finish()).isEqualTo(Finish.CANCELLED);
      assertThat(cut.text().length()).isBetween(1, 800);
      assertThat(chat.messages()).hasSize(2);
      // What the consumer throws ends the answer too; the history stays.
      assertThatThrownBy(
              () ->
                  chat.generate(
                      "Again",
                      text -> {
                        throw new IllegalStateException("enough");
                      }))
          .hasMessage("enough");
      assertThat(chat.messages()).hasSize(2);
      assertThatThrownBy(() -> chat.generate("Again", text -> Thread.currentThread().interrupt()))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void aClosedSessionTakesNothing() {
    ChatSession chat = HADAL.session();
    chat.close();
    assertThatThrownBy(() -> chat.generate("Hello")).hasMessage("the session is closed");
  }

  @Test
  void whatCannotBeAnsweredIsSaid() {
    assertThatThrownBy(() -> HADAL.chat(ask("word ".repeat(3000))))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("maximum context length is 1024");
    assertThatThrownBy(() -> HADAL.chat(ask("Hello").choices(2)))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("n must be 1");
  }

  @Test
  void embeddingsHaveLengthOneAndDoNotDependOnWhatElseRuns() throws Exception {
    String text = "public int size() { return size; } ".repeat(12);
    float[] alone = HADAL.embed(text);
    double square = 0;
    for (float v : alone) {
      square += (double) v * v;
    }
    assertThat(alone).hasSize(HADAL.model().config().hiddenSize());
    assertThat(square).isBetween(1 - 1e-5, 1 + 1e-5);
    assertThat(HADAL.embed("Something else")).isNotEqualTo(alone);
    String answer = HADAL.chat(ask("Hello").maxTokens(40)).text();
    List<float[]> vectors = Collections.synchronizedList(new ArrayList<>());
    try (var threads = Executors.newFixedThreadPool(2)) {
      // The first piece of the answer shows that it runs.
      StringBuilder other = new StringBuilder();
      List<Future<?>> embeddings = new ArrayList<>();
      HADAL.chat(
          ask("Hello").maxTokens(40),
          event -> {
            if (event instanceof TurnEvent.Text piece) {
              other.append(piece.text());
              if (embeddings.size() < 2) {
                embeddings.add(threads.submit(() -> vectors.add(HADAL.embed(text))));
              }
            }
          });
      for (Future<?> embedding : embeddings) {
        embedding.get();
      }
      assertThat(other).hasToString(answer);
    }
    assertThat(vectors).hasSize(2).allSatisfy(v -> assertThat(v).isEqualTo(alone));
    assertThatThrownBy(() -> HADAL.embed("word ".repeat(3000)))
        .isInstanceOf(Problem.class)
        .hasMessageContaining("below 1024 tokens");
  }

  @Test
  void theMessageOfAReplyIsThatOfTheAssistant() {
    Reply reply = HADAL.chat(ask("Hello"));
    assertThat(reply.message().role()).isEqualTo(Role.ASSISTANT);
    assertThat(reply.message().text()).isEqualTo(reply.text());
  }

  @Test
  void whatIsNoModelIsRefused() throws Exception {
    assertThatThrownBy(() -> Hadal.load(folder)).isInstanceOf(FormatException.class);
    Path model = TinyModel.folder();
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(model.resolve(name), folder.resolve(name));
    }
    assertThatThrownBy(() -> Hadal.load(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tokenizer");
    assertThatThrownBy(() -> Hadal.load(model, TinyModel.options().dialect("v9")))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("v9 is unknown");
  }
}
