package io.hadal.formats.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns the findings of {@link StreamingParser} into events, at most one per kind and step, and
 * into the final result.
 */
final class CompletionAssembler {
  private final Consumer<CompletionEvent> sink;
  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder content = new StringBuilder();
  private final List<ParsedToolCall> calls = new ArrayList<>();
  private int reasoningSent;
  private int contentSent;
  private int argumentsSent;
  private @Nullable QualifiedName name;
  private ArgumentsJson arguments = new ArgumentsJson();

  CompletionAssembler(Consumer<CompletionEvent> sink) {
    this.sink = sink;
  }

  void reasoning(CharSequence text, int from, int to) {
    if (from < to) {
      reasoning.append(text, from, to);
    }
  }

  void content(CharSequence text, int from, int to) {
    if (from < to) {
      content.append(text, from, to);
    }
  }

  boolean inCall() {
    return name != null;
  }

  void startCall(QualifiedName callName) {
    flush();
    name = callName;
    arguments = new ArgumentsJson();
    argumentsSent = 0;
    sink.accept(
        new CompletionEvent.ToolCallStart(calls.size(), callName.namespace(), callName.name()));
  }

  boolean openParameter(String parameter, boolean string) {
    return arguments.open(parameter, string);
  }

  void value(CharSequence text, int from, int to) {
    if (from < to) {
      arguments.value(text, from, to);
    }
  }

  void closeParameter() {
    arguments.close();
  }

  void endCall(String rawText) {
    arguments.finish();
    end(true, rawText);
  }

  /** Ends the current call, if any, as incomplete. */
  void breakCall(String rawText) {
    end(false, rawText);
  }

  private void end(boolean complete, String rawText) {
    QualifiedName callName = name;
    if (callName == null) {
      return;
    }
    flush();
    name = null;
    sink.accept(new CompletionEvent.ToolCallEnd(calls.size(), complete));
    calls.add(
        new ParsedToolCall(
            callName.namespace(), callName.name(), arguments.toString(), complete, rawText));
  }

  /** Sends what has been collected since the last call. */
  void flush() {
    if (reasoning.length() > reasoningSent) {
      sink.accept(new CompletionEvent.ReasoningDelta(reasoning.substring(reasoningSent)));
      reasoningSent = reasoning.length();
    }
    if (content.length() > contentSent) {
      sink.accept(new CompletionEvent.ContentDelta(content.substring(contentSent)));
      contentSent = content.length();
    }
    if (name != null && arguments.length() > argumentsSent) {
      sink.accept(
          new CompletionEvent.ToolArgumentsDelta(calls.size(), arguments.from(argumentsSent)));
      argumentsSent = arguments.length();
    }
  }

  Completion finish(String truncated, String rawText) {
    flush();
    Completion completion =
        new Completion(reasoning.toString(), content.toString(), calls, truncated, rawText);
    sink.accept(new CompletionEvent.Done(completion));
    return completion;
  }
}
