package io.hadal.formats.prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.prompt.CompletionEvent.ContentDelta;
import io.hadal.formats.prompt.CompletionEvent.Done;
import io.hadal.formats.prompt.CompletionEvent.ReasoningDelta;
import io.hadal.formats.prompt.CompletionEvent.ToolArgumentsDelta;
import io.hadal.formats.prompt.CompletionEvent.ToolCallEnd;
import io.hadal.formats.prompt.CompletionEvent.ToolCallStart;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamingParserTest {
  private static final String EOS = "<｜end▁of▁sentence｜>";
  private static final String OPEN = "\n\n<｜DSML｜tool_calls>\n";
  private static final String CLOSE = "\n</｜DSML｜tool_calls>";
  private static final String INVOKE = "<｜DSML｜invoke name=\"f\">\n";
  private static final String INVOKE_END = "\n</｜DSML｜invoke>";
  private static final String PARAMETER =
      "<｜DSML｜parameter name=\"%s\" string=\"%s\">%s</｜DSML｜parameter>";

  private final List<CompletionEvent> events = new ArrayList<>();

  private StreamingParser parser(ThinkingMode mode) {
    events.clear();
    return new StreamingParser(PromptDialect.V4, mode, events::add);
  }

  private List<CompletionEvent> drain() {
    List<CompletionEvent> seen = List.copyOf(events);
    events.clear();
    return seen;
  }

  private static Completion chat(String text) {
    Completion whole =
        Completions.stream(PromptDialect.V4, ThinkingMode.CHAT, List.of(text)).result();
    Completion pieces =
        Completions.stream(PromptDialect.V4, ThinkingMode.CHAT, Completions.unitByUnit(text))
            .result();
    assertThat(pieces).isEqualTo(whole);
    return whole;
  }

  @Test
  void sendsEachPieceAtOnce() {
    StreamingParser parser = parser(ThinkingMode.THINKING);
    parser.feed("Let me");
    assertThat(drain()).containsExactly(new ReasoningDelta("Let me"));
    parser.feed(" see</thi");
    assertThat(drain()).containsExactly(new ReasoningDelta(" see"));
    parser.feed("nk>Hello\n");
    assertThat(drain()).containsExactly(new ContentDelta("Hello"));
    parser.feed("\n");
    assertThat(drain()).isEmpty();
    parser.feed("world\n\n<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"f\">\n");
    assertThat(drain()).containsExactly(new ContentDelta("\n\nworld"));
    parser.feed("<｜DSML｜parameter name=\"a\" string=\"true\">one \"tw");
    assertThat(drain())
        .containsExactly(
            new ToolCallStart(0, null, "f"), new ToolArgumentsDelta(0, "{\"a\": \"one \\\"tw"));
    parser.feed("o\"\n2>&1</");
    assertThat(drain()).containsExactly(new ToolArgumentsDelta(0, "o\\\"\\n2>&1"));
    parser.feed("｜DSML｜parameter>\n<｜DSML｜parameter name=\"n\" string=\"false\">[1, ");
    assertThat(drain()).containsExactly(new ToolArgumentsDelta(0, "\", \"n\": [1, "));
    parser.feed("2]</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>");
    assertThat(drain()).containsExactly(new ToolArgumentsDelta(0, "2]}"), new ToolCallEnd(0, true));
    parser.feed(EOS);
    assertThat(drain()).isEmpty();
    Completion result = parser.finish();
    assertThat(drain()).containsExactly(new Done(result));
    assertThat(result.reasoning()).isEqualTo("Let me see");
    assertThat(result.content()).isEqualTo("Hello\n\nworld");
    assertThat(result.toolCalls().getFirst().arguments())
        .isEqualTo("{\"a\": \"one \\\"two\\\"\\n2>&1\", \"n\": [1, 2]}");
    assertThat(result.toolCalls().getFirst().rawText())
        .startsWith("<｜DSML｜invoke name=\"f\">\n<｜DSML｜p")
        .endsWith("</｜DSML｜parameter>\n</｜DSML｜invoke>");
    assertThatThrownBy(() -> parser.feed("x")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(parser::finish).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void neverCutsSurrogatePairs() {
    for (String text : List.of("a😀b", OPEN + INVOKE + PARAMETER.formatted("a", "true", "😀"))) {
      for (CompletionEvent event :
          Completions.stream(PromptDialect.V4, ThinkingMode.CHAT, Completions.unitByUnit(text))
              .events()) {
        String piece =
            switch (event) {
              case ContentDelta delta -> delta.text();
              case ToolArgumentsDelta delta -> delta.json();
              default -> "";
            };
        assertThat(piece.codePoints()).noneMatch(c -> c >= 0xd800 && c <= 0xdfff);
      }
    }
  }

  @Test
  void acceptsAMissingEndToken() {
    assertThat(chat("Hello").content()).isEqualTo("Hello");
    assertThat(chat("Hello\n\n<｜").content()).isEqualTo("Hello\n\n<｜");
    assertThat(chat("Hello" + EOS).content()).isEqualTo("Hello");
    assertThat(chat("a" + EOS + "b").content()).isEqualTo("a" + EOS + "b");
    Completion cut =
        Completions.stream(PromptDialect.V4, ThinkingMode.THINKING, List.of("why</thin")).result();
    assertThat(cut.reasoning()).isEqualTo("why</thin");
  }

  @Test
  void reasoningNeverStartsACall() {
    String text = "r" + OPEN + INVOKE + INVOKE_END + CLOSE + EOS;
    Completion result =
        Completions.stream(PromptDialect.V4, ThinkingMode.THINKING, Completions.unitByUnit(text))
            .result();
    assertThat(result.toolCalls()).isEmpty();
    assertThat(result.reasoning() + EOS).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\n\n<｜DSML｜tool_calls> \n<｜DSML｜invoke name=\"f\">\n",
        "\n\n<｜DSML｜tool_calls>\n<｜DSML｜invoke>\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>",
        "\n\n<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"f\"></｜DSML｜invoke>\n</｜DSML｜tool_calls>",
        "\n\n<｜DSML｜tool_calls>\nhello",
        "\n<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"f\">\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>",
        "\n\n<｜DSML｜function_calls>\n</｜DSML｜function_calls>",
      })
  void malformedMarkupIsText(String text) {
    Completion result = chat("ok" + text + " tail");
    assertThat(result.toolCalls()).isEmpty();
    assertThat(result.content()).isEqualTo("ok" + text + " tail");
    assertThat(result.truncatedMarkup()).isEmpty();
  }

  @Test
  void aBlockAfterAFalseStartIsFound() {
    Completion result = chat("\n\n<｜DSML｜tool_calls" + OPEN + INVOKE + INVOKE_END + CLOSE + EOS);
    assertThat(result.content()).isEqualTo("\n\n<｜DSML｜tool_calls");
    assertThat(result.toolCalls()).hasSize(1);
  }

  @Test
  void aBrokenCallEndsIncompleteAndItsRestIsText() {
    String bad = PARAMETER.formatted("a", "true", "2");
    Completion result =
        chat("x" + OPEN + INVOKE + PARAMETER.formatted("a", "true", "1") + "\n" + bad + EOS);
    assertThat(result.toolCalls()).hasSize(1);
    assertThat(result.toolCalls().getFirst().complete()).isFalse();
    assertThat(result.toolCalls().getFirst().arguments()).isEqualTo("{\"a\": \"1\"");
    assertThat(result.content()).isEqualTo("x\n" + bad);
  }

  @Test
  void textAfterTheBlockIsContent() {
    Completion result = chat("x" + OPEN + INVOKE + INVOKE_END + CLOSE + "tail" + EOS);
    assertThat(result.toolCalls().getFirst().complete()).isTrue();
    assertThat(result.content()).isEqualTo("xtail");
  }

  @Test
  void aCutInsideMarkupLeaksNothing() {
    String call =
        OPEN
            + INVOKE
            + PARAMETER.formatted("a", "true", "v")
            + "\n"
            + PARAMETER.formatted("b", "false", "1")
            + INVOKE_END
            + "\n"
            + INVOKE
            + INVOKE_END
            + CLOSE;
    for (int cut = 0; cut < call.length(); cut++) {
      Completion result = chat("text" + call.substring(0, cut));
      assertThat(result.content()).doesNotContain("｜DSML｜").startsWith("text");
      for (ParsedToolCall each : result.toolCalls()) {
        assertThat("{\"a\": \"v\", \"b\": 1}").startsWith(each.complete() ? "{" : each.arguments());
      }
      assertThat(result.toolCalls().size()).isLessThanOrEqualTo(2);
    }
    Completion inValue = chat("text" + call.substring(0, call.indexOf("v</") + 6));
    assertThat(inValue.toolCalls().getFirst().arguments()).isEqualTo("{\"a\": \"v");
    assertThat(inValue.truncatedMarkup()).isEqualTo("</｜DS");
    assertThat(inValue.toolCalls().getFirst().complete()).isFalse();
  }

  @Test
  void parametersMayHaveAnyName() {
    String text =
        OPEN
            + INVOKE
            + PARAMETER.formatted("arguments", "false", "{}")
            + "\n"
            + PARAMETER.formatted("", "true", "")
            + "\n"
            + PARAMETER.formatted("q\" string=\"yes\">\n", "true", "<v>" + EOS + "<think>")
            + INVOKE_END
            + CLOSE
            + EOS;
    Completion result = Completions.parseBothWays(PromptDialect.V4, text, ThinkingMode.CHAT);
    assertThat(result.toolCalls().getFirst().arguments())
        .isEqualTo(
            "{\"arguments\": {}, \"\": \"\", \"q\\\" string=\\\"yes\\\">\\n\": \"<v>"
                + EOS
                + "<think>\"}");
  }
}
