package io.hadal.cli;

import io.hadal.formats.tokenizer.StreamingDecoder;
import io.hadal.formats.tokenizer.Tokenizer;
import java.io.PrintWriter;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Generated tokens as text, or as ids without a tokenizer; shown at once or kept. */
final class TokenSink {
  private final PrintWriter out;
  private final boolean silent;
  private final @Nullable StreamingDecoder decoder;
  private final Set<Integer> hidden;
  private final StringBuilder text = new StringBuilder();
  private boolean first = true;

  /**
   * @param silent true to show nothing
   * @param hidden ids that are not part of the text
   */
  TokenSink(PrintWriter out, boolean silent, @Nullable Tokenizer tokenizer, Set<Integer> hidden) {
    this.out = out;
    this.silent = silent;
    this.decoder = tokenizer == null ? null : tokenizer.newDecoder();
    this.hidden = Set.copyOf(hidden);
  }

  void accept(int id) {
    if (decoder == null) {
      show((first ? "" : " ") + id);
      first = false;
    } else if (!hidden.contains(id)) {
      keep(decoder.append(id));
    }
  }

  /** Ends text and line. */
  void finish() {
    if (decoder != null) {
      keep(decoder.finish());
    }
    show(System.lineSeparator());
  }

  /** The text so far; null without a tokenizer. */
  @Nullable String text() {
    return decoder == null ? null : text.toString();
  }

  private void keep(String piece) {
    text.append(piece);
    show(piece);
  }

  private void show(String piece) {
    if (!silent && !piece.isEmpty()) {
      out.print(piece);
      out.flush();
    }
  }
}
