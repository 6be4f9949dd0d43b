package io.hadal.formats.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Runs completions through the parsers and checks the promises every event stream makes. */
final class Completions {
  /** A streamed completion: what was sent, and the result. */
  record Streamed(List<CompletionEvent> events, Completion result) {}

  private Completions() {}

  /** Strict and streaming parse, cut at every place and into random pieces; all must agree. */
  static Completion parseBothWays(PromptDialect dialect, String text, ThinkingMode mode) {
    Completion strict = new CompletionParser(dialect).parse(text, mode);
    for (int cut = 0; cut <= text.length(); cut++) {
      assertThat(stream(dialect, mode, List.of(text.substring(0, cut), text.substring(cut))))
          .extracting(Streamed::result)
          .isEqualTo(strict);
    }
    assertThat(stream(dialect, mode, unitByUnit(text)).result()).isEqualTo(strict);
    Random random = new Random(text.hashCode());
    for (int round = 0; round < 30; round++) {
      assertThat(stream(dialect, mode, randomPieces(text, random, 1 + random.nextInt(40))).result())
          .isEqualTo(strict);
    }
    return strict;
  }

  static List<String> unitByUnit(String text) {
    return text.chars().mapToObj(c -> String.valueOf((char) c)).toList();
  }

  static List<String> randomPieces(String text, Random random, int longest) {
    List<String> pieces = new ArrayList<>();
    for (int at = 0; at < text.length(); ) {
      int next = Math.min(text.length(), at + 1 + random.nextInt(longest));
      pieces.add(text.substring(at, next));
      at = next;
    }
    return pieces;
  }

  static Streamed stream(PromptDialect dialect, ThinkingMode mode, List<String> pieces) {
    List<CompletionEvent> events = new ArrayList<>();
    StreamingParser parser = new StreamingParser(dialect, mode, events::add);
    pieces.forEach(parser::feed);
    Completion result = parser.finish();
    checkEvents(events, result);
    assertThat(result.rawText()).isEqualTo(String.join("", pieces));
    return new Streamed(events, result);
  }

  /** Events are well ordered and add up to the result. */
  private static void checkEvents(List<CompletionEvent> events, Completion result) {
    StringBuilder reasoning = new StringBuilder();
    StringBuilder content = new StringBuilder();
    List<StringBuilder> arguments = new ArrayList<>();
    int open = -1;
    for (CompletionEvent event : events.subList(0, events.size() - 1)) {
      switch (event) {
        case CompletionEvent.ReasoningDelta delta -> {
          assertThat(delta.text()).isNotEmpty();
          assertThat(content).isEmpty();
          assertThat(arguments).isEmpty();
          reasoning.append(delta.text());
        }
        case CompletionEvent.ContentDelta delta -> {
          assertThat(delta.text()).isNotEmpty();
          assertThat(open).isEqualTo(-1);
          content.append(delta.text());
        }
        case CompletionEvent.ToolCallStart start -> {
          assertThat(open).isEqualTo(-1);
          open = start.index();
          assertThat(open).isEqualTo(arguments.size());
          assertThat(start.name()).isEqualTo(result.toolCalls().get(open).name());
          assertThat(start.namespace()).isEqualTo(result.toolCalls().get(open).namespace());
          arguments.add(new StringBuilder());
        }
        case CompletionEvent.ToolArgumentsDelta delta -> {
          assertThat(delta.json()).isNotEmpty();
          assertThat(delta.index()).isEqualTo(open);
          arguments.get(open).append(delta.json());
        }
        case CompletionEvent.ToolCallEnd end -> {
          assertThat(end.index()).isEqualTo(open);
          assertThat(end.complete()).isEqualTo(result.toolCalls().get(open).complete());
          open = -1;
        }
        case CompletionEvent.Done done -> throw new AssertionError("more than one end");
      }
    }
    assertThat(open).isEqualTo(-1);
    assertThat(events.getLast()).isEqualTo(new CompletionEvent.Done(result));
    assertThat(reasoning.toString()).isEqualTo(result.reasoning());
    assertThat(content.toString()).isEqualTo(result.content());
    assertThat(arguments.stream().map(StringBuilder::toString).toList())
        .isEqualTo(result.toolCalls().stream().map(ParsedToolCall::arguments).toList());
  }
}
