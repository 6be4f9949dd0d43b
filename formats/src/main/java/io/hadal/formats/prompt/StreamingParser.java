package io.hadal.formats.prompt;

import static io.hadal.formats.prompt.SpecialTokens.EOS;
import static io.hadal.formats.prompt.SpecialTokens.THINK_END;

import io.hadal.formats.FormatException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tolerant parser of a completion that arrives in pieces. Text is passed on as soon as it cannot be
 * the beginning of a marker any more; the pieces may be cut anywhere, even inside a surrogate pair.
 * On a well-formed completion the result equals that of {@link CompletionParser}.
 *
 * <p>Nothing is refused and no text is lost: malformed tool markup is passed on as content, a call
 * it began is ended as incomplete, a missing end token is accepted, one at the very end is dropped.
 * A completion cut inside tool markup leaves the cut markup in {@link Completion#truncatedMarkup}
 * rather than in the content. Work is linear in the text. Not safe for concurrent use.
 */
public final class StreamingParser {
  private enum State {
    REASONING,
    CONTENT,
    /** After a block's opening marker. */
    BLOCK_START,
    /** After a finished call. */
    AFTER_CALL,
    INVOKE_HEADER,
    PARAMETER_HEADER,
    VALUE,
    AFTER_VALUE,
    FINISHED
  }

  private final PromptDialect dialect;
  private final ToolMarkup markup;
  private final CompletionAssembler out;

  /** Everything fed so far. */
  private final StringBuilder raw = new StringBuilder();

  private State state;

  /** Text before this index is accounted for. */
  private int taken;

  /** The grammar continues here; text up to here has been recognised but maybe not yet taken. */
  private int cursor;

  /** No marker begins between {@code cursor} and here. */
  private int searched;

  /** Start of the current call's markup. */
  private int callStart;

  /**
   * @param sink receives the events during {@link #feed} and {@link #finish}
   */
  public StreamingParser(PromptDialect dialect, ThinkingMode mode, Consumer<CompletionEvent> sink) {
    this.dialect = dialect;
    this.markup = dialect.markup();
    this.out = new CompletionAssembler(sink);
    this.state = mode == ThinkingMode.THINKING ? State.REASONING : State.CONTENT;
  }

  /** Takes the next piece of generated text. */
  public void feed(CharSequence fragment) {
    if (state == State.FINISHED) {
      throw new IllegalStateException("completion is already finished");
    }
    raw.append(fragment);
    boolean progress = true;
    while (progress) {
      progress = step();
    }
    out.flush();
  }

  /** Everything fed so far, exactly as given. */
  public String rawText() {
    return raw.toString();
  }

  /** Ends the completion, emits what was held back and {@link CompletionEvent.Done}. */
  public Completion finish() {
    if (state == State.FINISHED) {
      throw new IllegalStateException("completion is already finished");
    }
    int end = raw.length();
    boolean ended = end - taken >= EOS.length() && endsWith(EOS);
    if (ended) {
      end -= EOS.length();
    }
    String held = raw.substring(taken, end);
    String truncated = "";
    boolean inMarkup =
        out.inCall()
            || state == State.BLOCK_START
            || state == State.AFTER_CALL
            || state == State.INVOKE_HEADER
            || held.contains(SpecialTokens.DSML);
    if (state == State.REASONING) {
      out.reasoning(raw, taken, end);
    } else if (inMarkup && !ended) {
      truncated = held;
    } else if (state == State.VALUE) {
      // The model stopped in mid-value: the held text is the value's, not a closing tag.
      out.value(raw, taken, end);
    } else {
      out.breakCall(callText(end));
      out.content(raw, taken, end);
    }
    out.breakCall(callText(end));
    state = State.FINISHED;
    return out.finish(truncated, raw.toString());
  }

  /** Tries to get further; false when more text is needed. */
  private boolean step() {
    return switch (state) {
      case REASONING -> reasoning();
      case CONTENT -> content();
      case BLOCK_START -> nextCall(">\n");
      case AFTER_CALL -> nextCall("\n");
      case INVOKE_HEADER -> invokeHeader();
      case PARAMETER_HEADER -> parameterHeader();
      case VALUE -> value();
      case AFTER_VALUE -> afterValue();
      case FINISHED -> false;
    };
  }

  private boolean reasoning() {
    int at = search(THINK_END);
    if (at < 0) {
      int end = safeEnd(THINK_END);
      out.reasoning(raw, taken, end);
      taken = end;
      return false;
    }
    out.reasoning(raw, taken, at);
    take(at + THINK_END.length());
    state = State.CONTENT;
    return true;
  }

  private boolean content() {
    int at = search(markup.blockOpen);
    if (at < 0) {
      int end = safeEnd(markup.blockOpen);
      out.content(raw, taken, end);
      taken = end;
      return false;
    }
    out.content(raw, taken, at);
    taken = at;
    moveTo(at + markup.blockOpen.length(), State.BLOCK_START);
    return true;
  }

  private boolean nextCall(String gap) {
    if (skip(gap, markup.blockClose)) {
      take(cursor);
      state = State.CONTENT;
      return true;
    }
    if (skip(gap, markup.invokeOpen)) {
      callStart = cursor - markup.invokeOpen.length();
      moveTo(cursor, State.INVOKE_HEADER);
      return true;
    }
    return mayFollow(gap, markup.blockClose) || mayFollow(gap, markup.invokeOpen)
        ? false
        : malformed(cursor);
  }

  private boolean invokeHeader() {
    int end = raw.length();
    // Moving the cursor keeps leading white space from being looked at again and again.
    while (cursor < end && DsmlGrammar.isSpace(raw.charAt(cursor))) {
      cursor++;
    }
    if (!DsmlGrammar.mayBecomeHeader(raw, cursor, end)) {
      return malformed(cursor);
    }
    int at = Math.max(searched, cursor);
    while (at < end && innerTag(at) == null) {
      at++;
    }
    if (at == end) {
      searched = resume(end, markup.parameterOpen);
      return false;
    }
    DsmlReader.Span span = DsmlGrammar.invokeName(raw, cursor, at);
    QualifiedName name = span == null ? null : name(raw.substring(span.from(), span.to()));
    if (name == null) {
      return malformed(at);
    }
    out.startCall(name);
    taken = at;
    if (markup.parameterOpen.equals(innerTag(at))) {
      moveTo(at + markup.parameterOpen.length(), State.PARAMETER_HEADER);
    } else {
      endCall(at + markup.invokeClose.length());
    }
    return true;
  }

  /** The tag at the index that ends an invoke header, null if there is none. */
  private @Nullable String innerTag(int at) {
    if (DsmlGrammar.startsWith(raw, at, raw.length(), markup.parameterOpen)) {
      return markup.parameterOpen;
    }
    return DsmlGrammar.startsWith(raw, at, raw.length(), markup.invokeClose)
        ? markup.invokeClose
        : null;
  }

  private @Nullable QualifiedName name(String printed) {
    if (!dialect.rules().namespaces()) {
      return new QualifiedName(null, printed);
    }
    try {
      return QualifiedName.parse(printed);
    } catch (FormatException e) {
      return null;
    }
  }

  private boolean parameterHeader() {
    int end = raw.length();
    int nameStart = cursor + DsmlGrammar.NAME.length();
    if (!DsmlGrammar.startsWith(raw, cursor, end, DsmlGrammar.NAME)) {
      return mayFollow("", DsmlGrammar.NAME) ? false : malformed(cursor);
    }
    searched = Math.max(searched, nameStart);
    int at = searched;
    while (at < end
        && !isFlag(at)
        && !DsmlGrammar.startsWith(raw, at, end, markup.parameterClose)) {
      at++;
    }
    if (at == end) {
      searched = Math.max(nameStart, resume(end, markup.parameterClose));
      return false;
    }
    if (!isFlag(at)) {
      return malformed(at);
    }
    boolean string = DsmlGrammar.startsWith(raw, at, end, DsmlGrammar.STRING_TRUE);
    int valueStart = at + (string ? DsmlGrammar.STRING_TRUE : DsmlGrammar.STRING_FALSE).length();
    if (!out.openParameter(raw.substring(nameStart, at), string)) {
      return malformed(at);
    }
    take(valueStart);
    state = State.VALUE;
    return true;
  }

  private boolean isFlag(int at) {
    return DsmlGrammar.startsWith(raw, at, raw.length(), DsmlGrammar.STRING_TRUE)
        || DsmlGrammar.startsWith(raw, at, raw.length(), DsmlGrammar.STRING_FALSE);
  }

  private boolean value() {
    int at = search(markup.parameterClose);
    if (at < 0) {
      int end = safeEnd(markup.parameterClose);
      out.value(raw, taken, end);
      taken = end;
      return false;
    }
    out.value(raw, taken, at);
    out.closeParameter();
    take(at + markup.parameterClose.length());
    state = State.AFTER_VALUE;
    return true;
  }

  private boolean afterValue() {
    if (skip("\n", markup.parameterOpen)) {
      moveTo(cursor, State.PARAMETER_HEADER);
      return true;
    }
    if (skip("\n", markup.invokeClose)) {
      endCall(cursor);
      return true;
    }
    return mayFollow("\n", markup.parameterOpen) || mayFollow("\n", markup.invokeClose)
        ? false
        : malformed(cursor);
  }

  private void endCall(int end) {
    out.endCall(raw.substring(callStart, end));
    take(end);
    state = State.AFTER_CALL;
  }

  /** Turns everything not taken yet into content; markers before {@code from} stay text. */
  private boolean malformed(int from) {
    out.breakCall(callText(from));
    moveTo(from, State.CONTENT);
    return true;
  }

  private String callText(int end) {
    return out.inCall() ? raw.substring(callStart, end) : "";
  }

  private void take(int index) {
    taken = index;
    cursor = index;
    searched = index;
  }

  private void moveTo(int index, State next) {
    cursor = index;
    searched = index;
    state = next;
  }

  private int search(String marker) {
    int at = DsmlGrammar.indexOf(raw, marker, searched, raw.length());
    if (at < 0) {
      searched = resume(raw.length(), marker);
    }
    return at;
  }

  /** Where a search for a marker must continue when it is not in the text before {@code end}. */
  private int resume(int end, String longestMarker) {
    return Math.max(searched, end - longestMarker.length() + 1);
  }

  /** End of the text that can be passed on: no marker, end token or pair may begin in the rest. */
  private int safeEnd(String marker) {
    int end = raw.length();
    int from = Math.max(taken, cursor);
    int hold = Math.max(partial(marker, from), partial(EOS, from));
    if (hold == 0 && end > from && Character.isHighSurrogate(raw.charAt(end - 1))) {
      hold = 1;
    }
    return Math.max(taken, end - hold);
  }

  /** Length of the longest text end that begins the marker; the whole marker counts too. */
  private int partial(String marker, int from) {
    int end = raw.length();
    for (int start = Math.max(from, end - marker.length()); start < end; start++) {
      if (DsmlGrammar.begins(raw, start, end, marker)) {
        return end - start;
      }
    }
    return 0;
  }

  private boolean skip(String gap, String tag) {
    int end = raw.length();
    if (DsmlGrammar.startsWith(raw, cursor, end, gap)
        && DsmlGrammar.startsWith(raw, cursor + gap.length(), end, tag)) {
      cursor += gap.length() + tag.length();
      return true;
    }
    return false;
  }

  /** Whether the text from the cursor on is a beginning of {@code gap + tag}. */
  private boolean mayFollow(String gap, String tag) {
    int end = raw.length();
    int tagStart = cursor + gap.length();
    return end <= tagStart
        ? DsmlGrammar.begins(raw, cursor, end, gap)
        : DsmlGrammar.startsWith(raw, cursor, end, gap)
            && DsmlGrammar.begins(raw, tagStart, end, tag);
  }

  private boolean endsWith(String marker) {
    int start = raw.length() - marker.length();
    return start >= 0 && DsmlGrammar.startsWith(raw, start, raw.length(), marker);
  }
}
