package io.hadal.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.chat.TurnEvent.Finish;
import io.hadal.engine.serving.GenerationEnd.Reason;
import io.hadal.engine.serving.GenerationRequest;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptSegment;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.formats.prompt.ThinkingMode;
import io.hadal.formats.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a model writes, token by token, as events. */
class AnswerReaderTest {
  private static final String MARK = "｜DSML｜";
  private static final String CALLS =
      "I look.\n\n<"
          + MARK
          + " calls>\n<"
          + MARK
          + " invoke name=\"sh\">\n<"
          + MARK
          + " parameter name=\"cmd\" string=\"true\">a 2>&1 </ \"q\" \\ 😀</"
          + MARK
          + " parameter>\n<"
          + MARK
          + " parameter name=\"n\" string=\"false\">[1, 2]</"
          + MARK
          + " parameter>\n</"
          + MARK
          + " invoke>\n</"
          + MARK
          + " calls>";
  private static final String ARGUMENTS =
      "{\"cmd\": \"a 2>&1 </ \\\"q\\\" \\\\ 😀\", \"n\": [1, 2]}";

  private final Tokenizer tokenizer = tokenizer();
  private final SegmentTokenizer segments = new SegmentTokenizer(tokenizer);
  private final List<TurnEvent> events = new ArrayList<>();

  private static Tokenizer tokenizer() {
    try (InputStream in =
        Objects.requireNonNull(
            AnswerReaderTest.class.getResourceAsStream("/golden/e/tokenizer.json"))) {
      return Tokenizer.fromJson(in.readAllBytes(), "tokenizer.json");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private AnswerReader reader(ThinkingMode mode, List<String> stops, boolean single) {
    TurnRequest request =
        new TurnRequest(
            GenerationRequest.of(new int[] {1}, 100, "t"), mode, stops, single, List.of());
    return new AnswerReader(0, tokenizer, PromptDialect.V4_1, request, events::add);
  }

  private void run(AnswerReader reader, String text, Reason reason) {
    for (int id : segments.encode(List.of(new PromptSegment(text, true)))) {
      reader.token(id, Double.NaN, List.of());
    }
    reader.finish(reason);
  }

  private String arguments() {
    StringBuilder json = new StringBuilder();
    for (TurnEvent event : events) {
      if (event instanceof TurnEvent.CallArguments a) {
        json.append(a.json());
      }
    }
    return json.toString();
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (TurnEvent event : events) {
      if (event instanceof TurnEvent.Text t) {
        text.append(t.text());
      }
    }
    return text.toString();
  }

  private TurnEvent.End end() {
    return (TurnEvent.End) events.getLast();
  }

  @Test
  void reasoningTextAndCalls() {
    run(reader(ThinkingMode.THINKING, List.of(), false), "Hm.</think>" + CALLS, Reason.STOP);
    assertThat(events.getFirst()).isInstanceOf(TurnEvent.Reasoning.class);
    assertThat(text()).isEqualTo("I look.");
    assertThat(arguments()).isEqualTo(ARGUMENTS);
    assertThat(end().finish()).isEqualTo(Finish.TOOL_CALLS);
    assertThat(end().completion().toolCalls()).hasSize(1);
  }

  @Test
  void argumentsComeInPieces() {
    run(reader(ThinkingMode.CHAT, List.of(), false), CALLS, Reason.STOP);
    assertThat(events.stream().filter(e -> e instanceof TurnEvent.CallArguments).count())
        .isGreaterThan(3);
  }

  @Test
  void everyCutIsHonest() {
    int[] ids = segments.encode(List.of(new PromptSegment(CALLS, true)));
    for (int cut = 0; cut < ids.length; cut++) {
      events.clear();
      AnswerReader reader = reader(ThinkingMode.CHAT, List.of(), false);
      for (int id : Arrays.copyOf(ids, cut)) {
        reader.token(id, Double.NaN, List.of());
      }
      reader.finish(Reason.LENGTH);
      assertThat(end().finish()).isEqualTo(complete() ? Finish.TOOL_CALLS : Finish.LENGTH);
      assertThat(ARGUMENTS).startsWith(arguments().replace("\uFFFD", ""));
      assertThat(text()).doesNotContain(MARK, "invoke");
    }
  }

  private boolean complete() {
    return events.stream().anyMatch(e -> e instanceof TurnEvent.CallEnd c && c.complete());
  }

  @Test
  void stopStringsLookAtTheAnswerOnly() {
    run(
        reader(ThinkingMode.THINKING, List.of("END"), false),
        "END</think>one EN END two",
        Reason.STOP);
    assertThat(text()).isEqualTo("one EN ");
    assertThat(end().stop()).isEqualTo("END");
    assertThat(end().finish()).isEqualTo(Finish.STOP_STRING);
  }

  @Test
  void oneCallIsEnoughWhenAskedFor() {
    String two =
        CALLS.replace("</" + MARK + " calls>", "")
            + CALLS.substring(CALLS.indexOf("<" + MARK + " invoke"));
    AnswerReader reader = reader(ThinkingMode.CHAT, List.of(), true);
    run(reader, two, Reason.STOP);
    assertThat(events.stream().filter(e -> e instanceof TurnEvent.CallStart)).hasSize(1);
    assertThat(end().completion().toolCalls()).hasSize(1);
  }
}
