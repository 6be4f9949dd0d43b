package io.hadal.cli;

import io.hadal.engine.Engine;
import io.hadal.engine.GenerationOptions;
import io.hadal.engine.GenerationResult;
import io.hadal.engine.Generator;
import io.hadal.engine.SamplingOptions;
import io.hadal.engine.Session;
import io.hadal.engine.TokenListener;
import io.hadal.formats.prompt.FimPrompt;
import io.hadal.formats.prompt.SegmentTokenizer;
import io.hadal.formats.tokenizer.Tokenizer;
import java.util.HashSet;
import java.util.Set;

/** Writes what belongs between two pieces of text. */
final class Completer {
  /** Text before and after the hole that a small model makes use of. */
  private static final int PREFIX_CHARS = 1500;

  private static final int SUFFIX_CHARS = 500;

  private final Engine engine;
  private final SegmentTokenizer segments;
  private final Tokenizer tokenizer;
  private final Set<Integer> stops = new HashSet<>();

  Completer(Engine engine, Tokenizer tokenizer) {
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
   * @param listener sees the tokens as they come
   */
  Answer complete(
      String prefix, String suffix, int count, SamplingOptions sampling, TokenListener listener) {
    int[] ids =
        segments.encode(FimPrompt.encode(lineStart(prefix), lineEnd(suffix), true).segments());
    try (Session session = engine.newSession()) {
      long start = System.nanoTime();
      session.append(ids);
      long prefill = System.nanoTime() - start;
      GenerationOptions options = new GenerationOptions(count, sampling, stops, false);
      GenerationResult result = new Generator(engine, session, options).run(listener);
      int[] text =
          result.tokens().stream()
              .filter(id -> !stops.contains(id))
              .mapToInt(Integer::intValue)
              .toArray();
      return new Answer(tokenizer.decode(text), new Speeds(ids.length, prefill, result));
    }
  }

  /** The end of the text before the hole, from the start of a line. */
  private static String lineStart(String prefix) {
    if (prefix.length() <= PREFIX_CHARS) {
      return prefix;
    }
    int line = prefix.indexOf('\n', prefix.length() - PREFIX_CHARS);
    return line < 0 ? safe(prefix, prefix.length() - PREFIX_CHARS) : prefix.substring(line + 1);
  }

  private static String lineEnd(String suffix) {
    if (suffix.length() <= SUFFIX_CHARS) {
      return suffix;
    }
    int line = suffix.lastIndexOf('\n', SUFFIX_CHARS);
    int end = line < 0 ? SUFFIX_CHARS : line + 1;
    return suffix.substring(0, Character.isLowSurrogate(suffix.charAt(end)) ? end + 1 : end);
  }

  private static String safe(String text, int from) {
    return text.substring(Character.isLowSurrogate(text.charAt(from)) ? from + 1 : from);
  }
}
