package io.hadal.model.engram;

import static io.hadal.model.engram.StructuralFeatures.NONE;

import java.util.Arrays;

/**
 * Follows brackets, indentation and lines of source text token by token (engram spec 10.3), without
 * a parser: in linear time, for any bytes, looking at nothing that comes later. One instance
 * belongs to one sequence.
 */
public final class StructuralAutomaton {
  private static final int TAB = 4;
  private static final int ROUND = 1;
  private static final int SQUARE = 2;
  private static final int CURLY = 3;

  // Fields of a bracket.
  private static final int TYPE = 0;
  private static final int INTRODUCER = 1;
  private static final int ARGUMENT = 2;
  private static final int BRACKET_HEAD = 3;
  private static final int BRACKET_LINE = 4;
  private static final int INDENTS = 5;
  private static final int BRACKET_FIELDS = 6;

  // Fields of an indentation.
  private static final int COLUMN = 0;
  private static final int INDENT_HEAD = 1;
  private static final int INDENT_LINE = 2;
  private static final int INDENT_FIELDS = 3;

  private static final int SCALARS = 8 + StructuralFeatures.LAST_COUNT;

  /** Most numbers that {@link #save} returns. */
  public static final int MAX_SAVED =
      SCALARS + EntryStack.CAPACITY * (BRACKET_FIELDS + INDENT_FIELDS);

  private final CodeVocabulary vocabulary;
  private final Lexer lexer;
  private final EntryStack brackets = new EntryStack(BRACKET_FIELDS);
  private final EntryStack indents = new EntryStack(INDENT_FIELDS);
  private final int[] last = new int[StructuralFeatures.LAST_COUNT];
  // Brackets opened beyond the capacity of the stack.
  private int overflow;
  private int column;
  private boolean inLine;
  private int delta;
  // Number of the logical line; head is its first significant token.
  private int line;
  private int head = NONE;
  private int previousHead = NONE;

  // Of the token that was read last.
  private int token = NONE;
  private boolean lineStart;
  private int codeBytes;

  public StructuralAutomaton(CodeVocabulary vocabulary, Lexis lexis) {
    this.vocabulary = vocabulary;
    this.lexer = new Lexer(lexis);
    Arrays.fill(last, NONE);
  }

  /** Reads the next token. */
  public void accept(int tokenId) {
    token = vocabulary.canonical(tokenId);
    lineStart = false;
    codeBytes = 0;
    for (byte b : vocabulary.bytes(tokenId)) {
      accept(b);
    }
    if (codeBytes > 0) {
      System.arraycopy(last, 0, last, 1, last.length - 1);
      last[0] = token;
    }
  }

  private void accept(byte b) {
    LexicalMode before = lexer.mode;
    lexer.next(b);
    if (b == '\n') {
      // The lines of a comment or string are no lines of code, nor is the rest of its last one.
      endLine(lexer.mode == LexicalMode.CODE);
      return;
    }
    if (before != LexicalMode.CODE) {
      return;
    }
    switch (b) {
      case ' ', '\r', '\f', 0x0b -> column++;
      case '\t' -> column += TAB - column % TAB;
      default -> {
        if (!inLine) {
          startLine();
        }
        significant(b);
      }
    }
  }

  private void endLine(boolean code) {
    column = 0;
    inLine = !code;
    if (code && head != NONE && !continues()) {
      previousHead = head;
      head = NONE;
      line++;
    }
  }

  /** Whether a line that starts here goes on with the logical line before. */
  private boolean continues() {
    return overflow > 0 || (brackets.size() > 0 && top(brackets, TYPE) != CURLY);
  }

  private void startLine() {
    inLine = true;
    lineStart = true;
    if (continues()) {
      delta = StructuralFeatures.CONTINUATION;
      return;
    }
    int pops = 0;
    while (indents.size() > 0 && column < top(indents, COLUMN)) {
      indents.cut(indents.size() - 1);
      pops++;
    }
    int current = indents.size() == 0 ? 0 : top(indents, COLUMN);
    boolean deeper = column > current && !indents.isFull();
    if (deeper) {
      indents.push(column, previousHead, line - 1);
    }
    if (pops > 0) {
      delta = pops == 1 ? StructuralFeatures.DEDENT : StructuralFeatures.DEDENT_MORE;
    } else {
      delta = deeper ? StructuralFeatures.INDENT : StructuralFeatures.SAME;
    }
  }

  private static int top(EntryStack stack, int field) {
    return stack.get(stack.size() - 1, field);
  }

  /** A byte of code that is no blank; it may still open a comment. */
  private void significant(byte b) {
    if (lexer.slashWasComment) {
      // The slash before was no operator.
      codeBytes = Math.max(0, codeBytes - 1);
      if (codeBytes == 0 && head == token) {
        head = NONE;
      }
      return;
    }
    if (lexer.mode == LexicalMode.LINE_COMMENT) {
      return;
    }
    int introducer = codeBytes > 0 ? token : last[0];
    codeBytes++;
    if (head == NONE) {
      head = token;
    }
    if (lexer.mode != LexicalMode.CODE) {
      return;
    }
    switch (b) {
      case '(' -> open(ROUND, introducer);
      case '[' -> open(SQUARE, introducer);
      case '{' -> open(CURLY, introducer);
      case ')' -> close(ROUND);
      case ']' -> close(SQUARE);
      case '}' -> close(CURLY);
      case ',' -> {
        if (overflow == 0 && brackets.size() > 0) {
          int count = top(brackets, ARGUMENT) + 1;
          brackets.set(
              brackets.size() - 1, ARGUMENT, Math.min(count, StructuralFeatures.MAX_ARGUMENT));
        }
      }
      default -> {}
    }
  }

  private void open(int type, int introducer) {
    if (brackets.isFull()) {
      overflow++;
    } else {
      brackets.push(type, introducer, 0, head, line, indents.size());
    }
  }

  /** Closes up to the nearest bracket of that type; without one nothing happens. */
  private void close(int type) {
    if (overflow > 0) {
      overflow--;
      return;
    }
    for (int i = brackets.size() - 1; i >= 0; i--) {
      if (brackets.get(i, TYPE) == type) {
        indents.cut(brackets.get(i, INDENTS));
        brackets.cut(i);
        return;
      }
    }
  }

  /**
   * Writes what is known after the last token.
   *
   * @param out {@link StructuralFeatures#COUNT} numbers from {@code offset}
   */
  public void features(int[] out, int offset) {
    int bracket = brackets.size() - 1;
    out[offset + StructuralFeatures.TOKEN] = token;
    out[offset + StructuralFeatures.LINE_START] = lineStart ? 1 : 0;
    out[offset + StructuralFeatures.DELTA] = delta;
    out[offset + StructuralFeatures.LEVEL] = Math.min(indents.size(), StructuralFeatures.MAX_LEVEL);
    out[offset + StructuralFeatures.PREVIOUS_HEAD] = previousHead;
    blockHeads(out, offset + StructuralFeatures.BLOCK_HEAD);
    out[offset + StructuralFeatures.BRACKET] = bracket < 0 ? 0 : brackets.get(bracket, TYPE);
    out[offset + StructuralFeatures.INTRODUCER] =
        bracket < 0 ? NONE : brackets.get(bracket, INTRODUCER);
    out[offset + StructuralFeatures.ARGUMENT] = bracket < 0 ? 0 : brackets.get(bracket, ARGUMENT);
    out[offset + StructuralFeatures.MODE] = lexer.mode.ordinal();
    System.arraycopy(last, 0, out, offset + StructuralFeatures.LAST, last.length);
  }

  /**
   * Heads of the lines that opened the two innermost blocks. A line that ends in a brace and is
   * followed by a deeper one opens one block, not two.
   */
  private void blockHeads(int[] out, int at) {
    int indent = indents.size() - 1;
    int brace = brackets.size() - 1;
    int found = 0;
    int openedBy = NONE;
    out[at] = NONE;
    out[at + 1] = NONE;
    while (found < 2) {
      while (brace >= 0 && brackets.get(brace, TYPE) != CURLY) {
        brace--;
      }
      if (indent < 0 && brace < 0) {
        return;
      }
      int indentLine = indent < 0 ? Integer.MIN_VALUE : indents.get(indent, INDENT_LINE);
      int braceLine = brace < 0 ? Integer.MIN_VALUE : brackets.get(brace, BRACKET_LINE);
      boolean useBrace = brace >= 0 && braceLine >= indentLine;
      int blockLine = useBrace ? braceLine : indentLine;
      int blockHead =
          useBrace ? brackets.get(brace, BRACKET_HEAD) : indents.get(indent, INDENT_HEAD);
      if (useBrace) {
        brace--;
      } else {
        indent--;
      }
      if (found == 0 || blockLine != openedBy) {
        out[at + found++] = blockHead;
        openedBy = blockLine;
      }
    }
  }

  /** The whole state, for {@link #restore}: at most {@value #MAX_SAVED} numbers. */
  public int[] save() {
    int[] open = brackets.save();
    int[] indented = indents.save();
    int[] saved = Arrays.copyOf(scalars(), SCALARS + open.length + indented.length);
    System.arraycopy(open, 0, saved, SCALARS, open.length);
    System.arraycopy(indented, 0, saved, SCALARS + open.length, indented.length);
    return saved;
  }

  private int[] scalars() {
    int[] s = {
      lexer.save(),
      brackets.size()
          | indents.size() << 8
          | delta << 16
          | (inLine ? 1 << 24 : 0)
          | (lineStart ? 1 << 25 : 0),
      overflow,
      column,
      line,
      head,
      previousHead,
      token,
      last[0],
      last[1],
      last[2],
      last[3]
    };
    return s;
  }

  /**
   * Continues from a saved state.
   *
   * @throws IllegalArgumentException when the numbers are no saved state
   */
  public void restore(int[] saved) {
    require(saved.length >= SCALARS);
    int sizes = saved[1];
    int open = sizes & 0xff;
    int indented = sizes >> 8 & 0xff;
    require(open <= EntryStack.CAPACITY && indented <= EntryStack.CAPACITY);
    require(saved.length == SCALARS + open * BRACKET_FIELDS + indented * INDENT_FIELDS);
    requireIds(saved, 5, SCALARS);
    require(saved[2] >= 0 && saved[3] >= 0);
    for (int i = 0; i < open; i++) {
      int at = SCALARS + i * BRACKET_FIELDS;
      require(saved[at + TYPE] >= ROUND && saved[at + TYPE] <= CURLY);
      require(saved[at + ARGUMENT] >= 0 && saved[at + ARGUMENT] <= StructuralFeatures.MAX_ARGUMENT);
      require(saved[at + INDENTS] >= 0);
      requireIds(saved, at + INTRODUCER, at + INTRODUCER + 1);
      requireIds(saved, at + BRACKET_HEAD, at + BRACKET_HEAD + 1);
    }
    for (int i = 0; i < indented; i++) {
      int at = SCALARS + open * BRACKET_FIELDS + i * INDENT_FIELDS;
      require(saved[at + COLUMN] >= 0);
      requireIds(saved, at + INDENT_HEAD, at + INDENT_HEAD + 1);
    }
    lexer.restore(saved[0]);
    delta = (sizes >> 16 & 0xff) % StructuralFeatures.DELTAS;
    inLine = (sizes & 1 << 24) != 0;
    lineStart = (sizes & 1 << 25) != 0;
    overflow = saved[2];
    column = saved[3];
    line = saved[4];
    head = saved[5];
    previousHead = saved[6];
    token = saved[7];
    System.arraycopy(saved, 8, last, 0, last.length);
    brackets.restore(saved, SCALARS, open);
    indents.restore(saved, SCALARS + open * BRACKET_FIELDS, indented);
  }

  private void requireIds(int[] saved, int from, int to) {
    for (int i = from; i < to; i++) {
      require(saved[i] >= NONE && saved[i] < vocabulary.size());
    }
  }

  private static void require(boolean good) {
    if (!good) {
      throw new IllegalArgumentException("no saved state of a structural automaton");
    }
  }
}
