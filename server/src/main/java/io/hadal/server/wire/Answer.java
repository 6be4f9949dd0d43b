package io.hadal.server.wire;

import io.hadal.chat.TokenInfo;
import io.hadal.chat.TurnEvent;
import io.hadal.chat.TurnEvent.Finish;
import io.hadal.formats.prompt.Completion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One answer as its events add up. */
final class Answer {
  final StringBuilder reasoning = new StringBuilder();
  final StringBuilder text = new StringBuilder();
  final List<ToolCallText> calls = new ArrayList<>();
  final List<TokenInfo> reasoningTokens = new ArrayList<>();
  final List<TokenInfo> textTokens = new ArrayList<>();
  Finish finish = Finish.STOP;
  @Nullable String stop;
  @Nullable Completion completion;

  /** A call of a tool. */
  static final class ToolCallText {
    final String id;
    final @Nullable String namespace;
    final String name;
    final StringBuilder arguments = new StringBuilder();
    boolean complete;

    ToolCallText(String id, @Nullable String namespace, String name) {
      this.id = id;
      this.namespace = namespace;
      this.name = name;
    }
  }

  static List<Answer> list(int count) {
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      answers.add(new Answer());
    }
    return answers;
  }

  void take(TurnEvent event) {
    switch (event) {
      case TurnEvent.Started _ -> {}
      case TurnEvent.Reasoning r -> {
        reasoning.append(r.text());
        reasoningTokens.addAll(r.tokens());
      }
      case TurnEvent.Text t -> {
        text.append(t.text());
        textTokens.addAll(t.tokens());
      }
      case TurnEvent.CallStart s -> calls.add(new ToolCallText(s.id(), s.namespace(), s.name()));
      case TurnEvent.CallArguments a -> calls.get(a.index()).arguments.append(a.json());
      case TurnEvent.CallEnd e -> calls.get(e.index()).complete = e.complete();
      case TurnEvent.End e -> {
        finish = e.finish();
        stop = e.stop();
        completion = e.completion();
      }
    }
  }

  /** True when there is anything to show for. */
  boolean hasReasoning() {
    return !reasoning.isEmpty();
  }
}
