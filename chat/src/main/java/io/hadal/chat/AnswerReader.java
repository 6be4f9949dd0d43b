package io.hadal.chat;

import io.hadal.chat.TurnEvent.Finish;
import io.hadal.engine.serving.GenerationEnd;
import io.hadal.engine.serving.GenerationListener.TokenLogprob;
import io.hadal.formats.prompt.Completion;
import io.hadal.formats.prompt.CompletionEvent;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.prompt.StreamingParser;
import io.hadal.formats.prompt.ThinkingMode;
import io.hadal.formats.tokenizer.StreamingDecoder;
import io.hadal.formats.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Turns the tokens of one answer into events. */
final class AnswerReader {
  private final int choice;
  private final Tokenizer tokenizer;
  private final TurnRequest request;
  private final Consumer<TurnEvent> sink;
  private final StreamingDecoder decoder;
  private final @Nullable StreamingParser parser;
  private final StopMatcher stops;
  private final StringBuilder text = new StringBuilder();
  private final List<String> callIds = new ArrayList<>();
  private List<TokenInfo> tokens = new ArrayList<>();
  private final int thinkEnd;
  private boolean reasoning;
  private int reasoningTokens;
  private int count;
  private int calls;
  private boolean callEnded;
  private boolean ended;

  AnswerReader(
      int choice,
      Tokenizer tokenizer,
      PromptDialect dialect,
      TurnRequest request,
      Consumer<TurnEvent> sink) {
    this.choice = choice;
    this.tokenizer = tokenizer;
    this.request = request;
    this.sink = sink;
    // Plain text has no use for the marks of prompts.
    this.decoder = tokenizer.newDecoder(request.parse() == null);
    this.parser =
        request.parse() == null
            ? null
            : new StreamingParser(dialect, request.parse(), this::onParsed);
    this.reasoning = request.parse() == ThinkingMode.THINKING;
    this.thinkEnd = tokenizer.id(SpecialTokens.THINK_END).orElse(-1);
    this.stops = new StopMatcher(request.stops());
  }

  /** Takes a token in. */
  void token(int id, double logprob, List<TokenLogprob> top) {
    if (ended) {
      return;
    }
    if (!Double.isNaN(logprob)) {
      tokens.add(
          new TokenInfo(
              tokenizer.tokenBytes(id),
              logprob,
              top.stream()
                  .map(t -> new TokenInfo.Alternative(tokenizer.tokenBytes(t.id()), t.logprob()))
                  .toList()));
    }
    count++;
    if (reasoning) {
      reasoningTokens++;
      reasoning = id != thinkEnd;
    }
    feed(decoder.append(id));
  }

  private void feed(String piece) {
    if (parser != null) {
      parser.feed(piece);
    } else {
      content(piece);
    }
  }

  private void onParsed(CompletionEvent event) {
    if (ended && !(event instanceof CompletionEvent.Done)) {
      return;
    }
    switch (event) {
      case CompletionEvent.ReasoningDelta r ->
          sink.accept(new TurnEvent.Reasoning(choice, r.text(), takeTokens()));
      case CompletionEvent.ContentDelta c -> content(c.text());
      case CompletionEvent.ToolCallStart start -> {
        release();
        calls++;
        String id = Ids.next("");
        callIds.add(id);
        sink.accept(
            new TurnEvent.CallStart(choice, start.index(), id, start.namespace(), start.name()));
      }
      case CompletionEvent.ToolArgumentsDelta arguments ->
          sink.accept(new TurnEvent.CallArguments(choice, arguments.index(), arguments.json()));
      case CompletionEvent.ToolCallEnd end -> {
        sink.accept(new TurnEvent.CallEnd(choice, end.index(), end.complete()));
        callEnded = end.complete();
        if (request.singleCall()) {
          ended = true;
        }
      }
      case CompletionEvent.Done done -> {}
    }
  }

  private void content(String piece) {
    pass(stops.feed(piece));
    if (stops.found() != null) {
      ended = true;
    }
  }

  private void pass(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      sink.accept(new TurnEvent.Text(choice, piece, takeTokens()));
    }
  }

  /** Text that only looked like a stop string. */
  private void release() {
    pass(stops.finish());
  }

  private List<TokenInfo> takeTokens() {
    List<TokenInfo> taken = tokens;
    tokens = new ArrayList<>();
    return taken;
  }

  /** True when further tokens have no meaning. */
  boolean ended() {
    return ended;
  }

  /** Random parts of the ids of calls so far. */
  List<String> callIds() {
    return callIds;
  }

  /** Tokens taken in. */
  int count() {
    return count;
  }

  int reasoningTokens() {
    return reasoningTokens;
  }

  /** Reports the end. */
  void finish(GenerationEnd.Reason reason) {
    boolean cut = ended;
    Completion completion;
    if (parser == null) {
      if (!cut) {
        content(decoder.finish());
        release();
      }
      completion = new Completion("", text.toString(), List.of(), "", text.toString());
    } else {
      if (!cut) {
        parser.feed(decoder.finish());
      }
      Completion parsed = parser.finish();
      if (stops.found() == null) {
        release();
      }
      completion =
          new Completion(
              parsed.reasoning(),
              text.toString(),
              request.singleCall() && parsed.toolCalls().size() > 1
                  ? parsed.toolCalls().subList(0, 1)
                  : parsed.toolCalls(),
              parsed.truncatedMarkup(),
              parsed.rawText());
    }
    ended = true;
    sink.accept(new TurnEvent.End(choice, reason(reason), stops.found(), completion));
  }

  private Finish reason(GenerationEnd.Reason reason) {
    if (stops.found() != null) {
      return Finish.STOP_STRING;
    }
    if (reason == GenerationEnd.Reason.CANCELLED) {
      return Finish.CANCELLED;
    }
    boolean length =
        reason == GenerationEnd.Reason.LENGTH || reason == GenerationEnd.Reason.CONTEXT;
    if (calls > 0 && (callEnded || !length)) {
      return Finish.TOOL_CALLS;
    }
    if (length) {
      return reason == GenerationEnd.Reason.LENGTH ? Finish.LENGTH : Finish.CONTEXT;
    }
    return Finish.STOP;
  }
}
