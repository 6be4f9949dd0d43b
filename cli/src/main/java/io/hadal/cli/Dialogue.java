package io.hadal.cli;

import io.hadal.cli.terminal.ProgressBar;
import io.hadal.engine.Engine;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult;
import io.hadal.engine.Generator;
import io.hadal.engine.Session;
import io.hadal.engine.TokenListener;
import io.hadal.formats.prompt.Completion;
import io.hadal.formats.prompt.CompletionEvent;
import io.hadal.formats.prompt.Message;
import io.hadal.formats.prompt.PromptDialect;
import io.hadal.formats.prompt.PromptEncoder;
import io.hadal.formats.prompt.RenderOptions;
import io.hadal.formats.prompt.Role;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.formats.prompt.StreamingParser;
import io.hadal.formats.prompt.ToolCall;
import io.hadal.formats.tokenizer.StreamingDecoder;
import io.hadal.formats.tokenizer.Tokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * A conversation over one session. Each turn renders the whole conversation and takes in only what
 * differs from what the session already holds.
 */
final class Dialogue {
  private final Engine engine;
  private final Session session;
  private final Tokenizer tokenizer;
  private final SegmentTokenizer segments;
  private final PromptDialect dialect;
  private final PromptEncoder encoder;
  private final RenderOptions rendering;
  private final List<Message> opening;
  private final List<Message> messages = new ArrayList<>();

  /** Session lengths before each turn. */
  private final Deque<Integer> turns = new ArrayDeque<>();

  /**
   * @param opening messages that a reset keeps, such as system text
   */
  Dialogue(
      Engine engine,
      Session session,
      Tokenizer tokenizer,
      PromptDialect dialect,
      RenderOptions rendering,
      List<Message> opening) {
    this.engine = engine;
    this.session = session;
    this.tokenizer = tokenizer;
    this.segments = new SegmentTokenizer(tokenizer);
    this.dialect = dialect;
    this.encoder = new PromptEncoder(dialect);
    this.rendering = rendering;
    this.opening = List.copyOf(opening);
    messages.addAll(opening);
  }

  /** A user turn, rendered and waiting for its answer. */
  record Turn(int[] prompt, int reused) {}

  /** Adds a user message and returns the prompt it makes. */
  Turn ask(String text) {
    turns.push(session.length());
    messages.add(Message.user(text));
    int[] prompt = segments.encode(encoder.segments(messages, rendering));
    int common = Arrays.mismatch(prompt, session.tokens());
    return new Turn(prompt, common < 0 ? prompt.length : common);
  }

  /**
   * Takes the prompt in and lets the model answer.
   *
   * @param sink receives the answer's parts as they come
   */
  Speeds answer(
      Turn turn,
      GenerationOptions options,
      ProgressBar bar,
      Interruption interruption,
      Consumer<CompletionEvent> sink) {
    long start = System.nanoTime();
    session.truncate(turn.reused());
    Prefill.run(
        session, turn.prompt(), turn.reused(), engine.options().stepTokens(), bar, interruption);
    long prefill = System.nanoTime() - start;
    bar.close();
    StreamingParser parser = new StreamingParser(dialect, rendering.mode(), sink);
    StreamingDecoder decoder = tokenizer.newDecoder();
    TokenListener listener =
        (id, logits) -> {
          parser.feed(decoder.append(id));
          return !interruption.requested();
        };
    GenerationResult result = new Generator(engine, session, options).run(listener);
    parser.feed(decoder.finish());
    remember(parser.finish());
    return new Speeds(turn.prompt().length - turn.reused(), prefill, result);
  }

  private void remember(Completion completion) {
    List<ToolCall> calls = new ArrayList<>();
    for (int i = 0; i < completion.toolCalls().size(); i++) {
      calls.add(completion.toolCalls().get(i).toToolCall("call_" + i));
    }
    messages.add(
        Message.builder(Role.ASSISTANT)
            .text(completion.content())
            .reasoning(completion.reasoning())
            .toolCalls(calls)
            .build());
  }

  /** Takes the last turn back, answered or not; false when there is none. */
  boolean undo() {
    Integer before = turns.poll();
    if (before == null) {
      return false;
    }
    while (!messages.removeLast().role().equals(Role.USER)) {
      // The answer goes before its question.
    }
    // Dropping old reasoning may have shortened the session below that point.
    session.truncate(Math.min(before, session.length()));
    return true;
  }

  /** Begins anew. */
  void reset() {
    messages.clear();
    messages.addAll(opening);
    turns.clear();
    session.truncate(0);
  }
}
