package io.hadal.model.engram;

/** Tells code from comments and strings, byte by byte. Any byte sequence is accepted. */
final class Lexer {
  private final Lexis lexis;

  LexicalMode mode = LexicalMode.CODE;
  // Of a string: its quote; whether three of them end it; how many have just been seen.
  private int quote;
  private boolean triple;
  private int run;
  private boolean escaped;
  // In code: quote of an empty string that has just ended, which a third one makes triple.
  private int emptyQuote;
  // The byte before was a slash of code or a star of a comment.
  private boolean slash;
  private boolean star;

  /** Whether the last byte turned the slash before it into a comment. */
  boolean slashWasComment;

  Lexer(Lexis lexis) {
    this.lexis = lexis;
  }

  /** Moves on by one byte. */
  void next(int c) {
    slashWasComment = false;
    switch (mode) {
      case CODE -> code(c);
      case LINE_COMMENT -> {
        if (c == '\n') {
          enter(LexicalMode.CODE);
        }
      }
      case BLOCK_COMMENT -> {
        if (star && c == '/') {
          enter(LexicalMode.CODE);
        } else {
          star = c == '*';
        }
      }
      case STRING -> string(c);
      case RAW_STRING -> rawString(c);
    }
  }

  private void code(int c) {
    boolean afterSlash = slash;
    int afterEmpty = emptyQuote;
    slash = false;
    emptyQuote = 0;
    switch (c) {
      case '/' -> {
        slash = lexis.slashComments();
        if (afterSlash) {
          slashWasComment = true;
          enter(LexicalMode.LINE_COMMENT);
        }
      }
      case '*' -> {
        if (afterSlash) {
          slashWasComment = true;
          enter(LexicalMode.BLOCK_COMMENT);
        }
      }
      case '#' -> {
        if (lexis.hashComments()) {
          enter(LexicalMode.LINE_COMMENT);
        }
      }
      case '`' -> {
        if (lexis.backticks()) {
          open(LexicalMode.RAW_STRING, c, false);
        }
      }
      case '"', '\'' -> {
        boolean third = c == afterEmpty;
        open(third ? LexicalMode.RAW_STRING : LexicalMode.STRING, c, third);
      }
      default -> {}
    }
  }

  private void string(int c) {
    if (c == '\n') {
      enter(LexicalMode.CODE);
    } else if (escaped) {
      escaped = false;
      run = 1;
    } else if (c == '\\') {
      escaped = true;
    } else if (c == quote) {
      boolean empty = run == 0;
      enter(LexicalMode.CODE);
      emptyQuote = empty && lexis.tripleQuotes() ? c : 0;
    } else {
      run = 1;
    }
  }

  private void rawString(int c) {
    if (escaped) {
      escaped = false;
      run = 0;
    } else if (c == '\\') {
      escaped = true;
      run = 0;
    } else if (c != quote) {
      run = 0;
    } else if (++run == (triple ? 3 : 1)) {
      enter(LexicalMode.CODE);
    }
  }

  private void open(LexicalMode string, int c, boolean isTriple) {
    enter(string);
    quote = c;
    triple = isTriple;
  }

  private void enter(LexicalMode next) {
    mode = next;
    quote = 0;
    triple = false;
    run = 0;
    escaped = false;
    emptyQuote = 0;
    slash = false;
    star = false;
  }

  /** The state in one number. */
  int save() {
    return mode.ordinal()
        | quote << 3
        | emptyQuote << 10
        | run << 17
        | (triple ? 1 << 19 : 0)
        | (escaped ? 1 << 20 : 0)
        | (slash ? 1 << 21 : 0)
        | (star ? 1 << 22 : 0);
  }

  void restore(int saved) {
    mode = LexicalMode.values()[(saved & 7) % LexicalMode.values().length];
    quote = saved >> 3 & 0x7f;
    emptyQuote = saved >> 10 & 0x7f;
    run = saved >> 17 & 3;
    triple = (saved & 1 << 19) != 0;
    escaped = (saved & 1 << 20) != 0;
    slash = (saved & 1 << 21) != 0;
    star = (saved & 1 << 22) != 0;
    slashWasComment = false;
  }
}
