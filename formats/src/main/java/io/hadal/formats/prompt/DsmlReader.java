package io.hadal.formats.prompt;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.List;

/** Reads one tool-call block strictly, in time linear in its length. */
final class DsmlReader {
  private static final String GAP = ">\n";

  /** A range of the text, end exclusive. */
  record Span(int from, int to) {}

  private final PromptDialect dialect;
  private final ToolMarkup markup;
  private final String text;
  private final String parameterEnd;
  private final String invokeEnd;
  private final List<Span> data = new ArrayList<>();
  private int position;

  /**
   * @param position right after the block's opening marker
   */
  DsmlReader(PromptDialect dialect, String text, int position) {
    this.dialect = dialect;
    this.markup = dialect.markup();
    this.text = text;
    this.position = position;
    // The grammar treats the closing bracket as part of the gap that follows.
    this.parameterEnd = withoutBracket(markup.parameterClose).substring(1);
    this.invokeEnd = withoutBracket(markup.invokeClose);
  }

  private static String withoutBracket(String tag) {
    return tag.substring(0, tag.length() - 1);
  }

  /** Position after what has been read. */
  int position() {
    return position;
  }

  /** Ranges of names and values, in order: everything that is not markup. */
  List<Span> data() {
    return data;
  }

  List<ParsedToolCall> readBlock() {
    List<ParsedToolCall> calls = new ArrayList<>();
    while (true) {
      expect(GAP, "'>' and a newline");
      if (skip(markup.blockClose)) {
        return calls;
      }
      int start = position;
      expect(markup.invokeOpen, "an invoke tag or the end of the block");
      calls.add(call(start));
    }
  }

  private ParsedToolCall call(int start) {
    int headerEnd = firstInnerTag(position);
    Span header = DsmlGrammar.invokeName(text, position, headerEnd);
    if (header == null) {
      throw broken(position, "malformed invoke tag");
    }
    data.add(header);
    QualifiedName name = name(header);
    position = headerEnd;
    ArgumentsJson arguments = new ArgumentsJson();
    while (skip(markup.parameterOpen)) {
      parameter(arguments);
      expect(GAP, "'>' and a newline after a parameter");
    }
    expect(invokeEnd, "a parameter or the end of the invoke tag");
    arguments.finish();
    String raw = text.substring(start, Math.min(position + 1, text.length()));
    return new ParsedToolCall(name.namespace(), name.name(), arguments.toString(), true, raw);
  }

  private QualifiedName name(Span header) {
    String printed = text.substring(header.from, header.to);
    if (!dialect.rules().namespaces()) {
      return new QualifiedName(null, printed);
    }
    try {
      return QualifiedName.parse(printed);
    } catch (FormatException e) {
      throw broken(header.from, "unusable tool name");
    }
  }

  private void parameter(ArgumentsJson arguments) {
    int close = text.indexOf(parameterEnd, position);
    if (close < 0) {
      throw broken(position, "parameter without an end tag");
    }
    int flag =
        text.startsWith(DsmlGrammar.NAME, position)
            ? DsmlGrammar.stringFlag(text, position + DsmlGrammar.NAME.length(), close)
            : -1;
    if (flag < 0 || text.charAt(close - 1) != '<') {
      throw broken(position, "malformed parameter tag");
    }
    Span name = new Span(position + DsmlGrammar.NAME.length(), flag);
    boolean string = text.startsWith(DsmlGrammar.STRING_TRUE, flag);
    int value = flag + (string ? DsmlGrammar.STRING_TRUE : DsmlGrammar.STRING_FALSE).length();
    if (!arguments.open(text.substring(name.from, name.to), string)) {
      throw broken(position, "duplicate parameter name");
    }
    data.add(name);
    data.add(new Span(value, close - 1));
    arguments.value(text, value, close - 1);
    arguments.close();
    position = close + parameterEnd.length();
  }

  /** Position of the next parameter tag or invoke end tag. */
  private int firstInnerTag(int from) {
    int at = text.indexOf(SpecialTokens.DSML, from);
    while (at >= 0) {
      if (at >= from + 1 && text.startsWith(markup.parameterOpen, at - 1)) {
        return at - 1;
      }
      if (at >= from + 2 && text.startsWith(invokeEnd, at - 2)) {
        return at - 2;
      }
      at = text.indexOf(SpecialTokens.DSML, at + 1);
    }
    throw broken(from, "invoke tag without an end");
  }

  private boolean skip(String expected) {
    boolean found = text.startsWith(expected, position);
    position += found ? expected.length() : 0;
    return found;
  }

  private void expect(String expected, String what) {
    if (!skip(expected)) {
      throw broken(position, "expected " + what);
    }
  }

  private static MalformedCompletionException broken(int offset, String problem) {
    return new MalformedCompletionException(offset, problem);
  }
}
