package io.hadal.server.redaction;

import io.hadal.platform.redaction.StreamRedactor;
import io.hadal.platform.redaction.StreamRestorer;
import org.jspecify.annotations.Nullable;

/**
 * One text of an answer that comes in pieces: what a model must not say is taken out of it, then
 * the values of the request are put back.
 */
final class AnswerText {
  private final AnswerRules rules;
  private final boolean json;
  private final StreamRestorer restorer;
  private final @Nullable StreamRedactor redactor;

  /** What is JSON can only be looked at as a whole. */
  private final StringBuilder whole = new StringBuilder();

  /**
   * A text.
   *
   * @param json true when the text is JSON
   */
  AnswerText(AnswerRules rules, boolean json) {
    this.rules = rules;
    this.json = json;
    this.restorer = json ? rules.request().jsonRestorer() : rules.request().restorer();
    this.redactor = rules.looks() && !json ? rules.stream() : null;
  }

  /** Takes a piece; returns what is known behind it, which may be nothing. */
  String feed(String piece) {
    if (json && rules.looks()) {
      whole.append(piece);
      return "";
    }
    StreamRedactor looking = redactor;
    if (looking == null) {
      return restorer.feed(piece);
    }
    String known = looking.feed(piece);
    rules.found(looking.counts());
    return restorer.feed(known);
  }

  /** The end of the text; returns what was held back. */
  String end() {
    StreamRedactor looking = redactor;
    String rest = "";
    if (looking != null) {
      rest = looking.end();
      rules.count(looking.counts());
    } else if (!whole.isEmpty()) {
      rest = rules.lookJson(whole.toString(), true);
      whole.setLength(0);
    }
    return restorer.feed(rest) + restorer.end();
  }
}
