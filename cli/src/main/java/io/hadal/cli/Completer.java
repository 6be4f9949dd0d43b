package io.hadal.cli;

import io.hadal.engine.Engine;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult;
import io.hadal.engine.Generator;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.TokenListener;
import io.hadal.engine.memory.OpenText;
import io.hadal.engine.memory.ProjectMemory;
import io.hadal.formats.prompt.FimPrompt;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.formats.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes what belongs between two pieces of text. */
final class Completer {
  /** Text before and after the hole that a small model makes use of. */
  private static final int PREFIX_CHARS = 1500;

  private static final int SUFFIX_CHARS = 500;
  private static final int TEXT_CHARS = 4000;

  private final Engine engine;
  private final SegmentTokenizer segments;
  private final Tokenizer tokenizer;
  private final Set<Integer> stops = new HashSet<>();
  private final boolean suffixFirst;

  /**
   * @param suffixFirst whether the text behind the hole comes first in the prompt; for models that
   *     have learnt that order
   */
  Completer(Engine engine, Tokenizer tokenizer, boolean suffixFirst) {
    this.suffixFirst = suffixFirst;
    this.engine = engine;
    this.tokenizer = tokenizer;
    this.segments = new SegmentTokenizer(tokenizer);
    stops.add(engine.model().config().eosId());
    // No mark belongs into a file: the first one ends the text.
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      if (tokenizer.isAdded(id)) {
        stops.add(id);
      }
    }
  }

  /** A completion. */
  record Answer(String text, Speeds speeds) {}

  /**
   * Fills the hole.
   *
   * @param suffix text behind the hole, may be empty
   * @param count most tokens
   * @param memory of the project; null to ask the model alone
   * @param listener sees the tokens as they come
   */
  Answer complete(
      String prefix,
      String suffix,
      int count,
      SamplingOptions sampling,
      @Nullable ProjectMemory memory,
      TokenListener listener) {
    String before = lineStart(prefix, PREFIX_CHARS);
    String behind = lineEnd(suffix, SUFFIX_CHARS);
    OpenText open = memory == null ? null : memory.open();
    if (open != null) {
      open.learn(tokenizer.encode(suffix, false));
    }
    Prompt prompt;
    if (suffixFirst) {
      int[] head = segments.encode(FimPrompt.suffixFirst("", behind, true).segments());
      prompt = prompt(head, prefix, before, open);
    } else {
      if (open != null) {
        open.accept(tokenizer.encode(prefix, false));
      }
      prompt = new Prompt(segments.encode(FimPrompt.encode(before, behind, true).segments()), null);
    }
    Answer answer = write(prompt, count, sampling, open, listener);
    return new Answer(HoleEnd.cut(answer.text(), suffix), answer.speeds());
  }

  /** Continues a text, of which nothing is known behind the end. */
  Answer continueText(
      String text,
      int count,
      SamplingOptions sampling,
      @Nullable ProjectMemory memory,
      TokenListener listener) {
    OpenText open = memory == null ? null : memory.open();
    int[] head = {engine.model().config().bosId()};
    Prompt prompt = prompt(head, text, lineStart(text, TEXT_CHARS), open);
    return write(prompt, count, sampling, open, listener);
  }

  /** Tokens, with those of the last word to be written again. */
  private record Prompt(int[] ids, @Nullable TokenHealing healing) {}

  /** The memory sees the whole text before the cursor, the model only what is near. */
  private Prompt prompt(int[] head, String text, String near, @Nullable OpenText open) {
    TokenHealing healing = new TokenHealing(tokenizer, tokenizer.encode(near, false));
    if (open != null) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      String kept = new String(utf8, 0, utf8.length - healing.bytesLeft(), StandardCharsets.UTF_8);
      open.accept(tokenizer.encode(kept, false));
    }
    int[] ids = Arrays.copyOf(head, head.length + healing.kept().length);
    System.arraycopy(healing.kept(), 0, ids, head.length, healing.kept().length);
    return new Prompt(ids, healing);
  }

  private Answer write(
      Prompt prompt,
      int count,
      SamplingOptions sampling,
      @Nullable OpenText memory,
      TokenListener listener) {
    int[] ids = prompt.ids();
    try (Session session = engine.newSession()) {
      long start = System.nanoTime();
      session.append(ids);
      byte[] again = heal(session, prompt.healing(), memory);
      long prefill = System.nanoTime() - start;
      GenerationOptions options = new GenerationOptions(count, sampling, stops, false);
      Repetition repetition = new Repetition(listener);
      GenerationResult result = new Generator(engine, session, options, memory).run(repetition);
      int[] text =
          result.tokens().stream()
              .limit(result.tokens().size() - repetition.surplus())
              .filter(id -> !stops.contains(id))
              .mapToInt(Integer::intValue)
              .toArray();
      byte[] written = tokenizer.decodeBytes(text);
      byte[] all = Arrays.copyOf(again, again.length + written.length);
      System.arraycopy(written, 0, all, again.length, written.length);
      return new Answer(
          new String(all, StandardCharsets.UTF_8), new Speeds(ids.length, prefill, result));
    }
  }

  /** Writes the last word's tokens again; returns what goes beyond the word. */
  private byte[] heal(Session session, @Nullable TokenHealing healing, @Nullable OpenText memory) {
    if (healing == null || healing.bytesLeft() == 0) {
      return new byte[0];
    }
    int beyond = 0;
    int id = -1;
    while (healing.bytesLeft() > 0) {
      float[] logits = session.logits();
      id = healing.choose(memory == null ? logits : memory.mix(logits));
      beyond = tokenizer.tokenBytes(id).length - healing.bytesLeft();
      healing.accept(id);
      session.append(id);
      if (memory != null) {
        memory.accept(id);
      }
    }
    byte[] last = tokenizer.tokenBytes(id);
    return Arrays.copyOfRange(last, last.length - Math.max(0, beyond), last.length);
  }

  /** The end of the text before the hole, from the start of a line. */
  private static String lineStart(String prefix, int most) {
    if (prefix.length() <= most) {
      return prefix;
    }
    int line = prefix.indexOf('\n', prefix.length() - most);
    return line < 0 || line + 1 == prefix.length()
        ? safe(prefix, prefix.length() - most)
        : prefix.substring(line + 1);
  }

  private static String lineEnd(String suffix, int most) {
    if (suffix.length() <= most) {
      return suffix;
    }
    int line = suffix.lastIndexOf('\n', most);
    int end = line < 0 ? most : line + 1;
    return suffix.substring(0, Character.isLowSurrogate(suffix.charAt(end)) ? end + 1 : end);
  }

  private static String safe(String text, int from) {
    return text.substring(Character.isLowSurrogate(text.charAt(from)) ? from + 1 : from);
  }
}
