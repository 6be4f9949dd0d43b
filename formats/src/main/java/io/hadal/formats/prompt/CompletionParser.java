package io.hadal.formats.prompt;

import static io.hadal.formats.prompt.SpecialTokens.EOS;
import static io.hadal.formats.prompt.SpecialTokens.THINK_END;

import java.util.List;

/**
 * Strict parser of whole completions (deepseek-v4.md 9.5, deepseek-v4.1.md 8), for conformance and
 * training data. Text that a model is still producing goes through {@link StreamingParser}.
 */
public final class CompletionParser {
  private static final List<String> FORBIDDEN =
      List.of(SpecialTokens.BOS, EOS, SpecialTokens.THINK, THINK_END, SpecialTokens.DSML);

  private final PromptDialect dialect;

  public CompletionParser(PromptDialect dialect) {
    this.dialect = dialect;
  }

  /**
   * Parses a completion including its end token.
   *
   * @param text what follows {@code <think>} in thinking mode, {@code </think>} in chat mode
   * @throws MalformedCompletionException for any departure from the grammar
   */
  public Completion parse(String text, ThinkingMode mode) {
    String blockOpen = dialect.markup().blockOpen;
    String reasoning = "";
    int start = 0;
    if (mode == ThinkingMode.THINKING) {
      int end = text.indexOf(THINK_END);
      if (end < 0 || DsmlGrammar.indexOf(text, blockOpen, 0, end) >= 0) {
        throw new MalformedCompletionException(0, "reasoning without " + THINK_END);
      }
      reasoning = text.substring(0, end);
      start = end + THINK_END.length();
    }
    int eos = text.indexOf(EOS, start);
    int block = DsmlGrammar.indexOf(text, blockOpen, start, eos < 0 ? text.length() : eos);
    List<ParsedToolCall> calls = List.of();
    String content;
    if (block >= 0) {
      content = text.substring(start, block);
      DsmlReader reader = new DsmlReader(dialect, text, block + blockOpen.length());
      calls = reader.readBlock();
      int end = reader.position();
      if (end != text.length()
          && !(text.startsWith(EOS, end) && end + EOS.length() == text.length())) {
        throw new MalformedCompletionException(end, "text after the tool calls");
      }
    } else if (eos < 0) {
      throw new MalformedCompletionException(text.length(), "end token missing");
    } else if (eos + EOS.length() != text.length()) {
      throw new MalformedCompletionException(eos, "text after the end token");
    } else {
      content = text.substring(start, eos);
    }
    refuseMarkers(reasoning, 0, "reasoning");
    refuseMarkers(content, start, "content");
    return new Completion(reasoning, content, calls, "", text);
  }

  private static void refuseMarkers(String part, int offset, String what) {
    for (String marker : FORBIDDEN) {
      int at = part.indexOf(marker);
      if (at >= 0) {
        throw new MalformedCompletionException(
            offset + at, "unexpected " + marker + " in the " + what);
      }
    }
  }
}
