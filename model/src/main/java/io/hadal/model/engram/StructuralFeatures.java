package io.hadal.model.engram;

/**
 * What the structural channels know of a position, {@value #COUNT} numbers a position (engram spec
 * 10.3). They follow from the tokens up to it.
 */
public final class StructuralFeatures {
  /** No such token. */
  public static final int NONE = -1;

  /** Canonical id of the token. */
  static final int TOKEN = 0;

  /** 1 when a line of code starts within the token, else 0. */
  static final int LINE_START = 1;

  /** How the line is indented against the line before: {@link #SAME} .. {@link #CONTINUATION}. */
  static final int DELTA = 2;

  /** Depth of indentation, 0 .. {@link #MAX_LEVEL}. */
  static final int LEVEL = 3;

  /** First token of the line before. */
  static final int PREVIOUS_HEAD = 4;

  /** First token of the line that opened the innermost block. */
  static final int BLOCK_HEAD = 5;

  /** The same for the next outer block. */
  static final int OUTER_BLOCK_HEAD = 6;

  /** Innermost bracket: 0 none, 1 round, 2 square, 3 curly. */
  static final int BRACKET = 7;

  /** Token before that bracket. */
  static final int INTRODUCER = 8;

  /** Commas since that bracket, up to {@link #MAX_ARGUMENT}. */
  static final int ARGUMENT = 9;

  /** Ordinal of {@link LexicalMode}. */
  static final int MODE = 10;

  /** The last four significant tokens, newest first. */
  static final int LAST = 11;

  static final int LAST_COUNT = 4;

  /** Numbers per position. */
  public static final int COUNT = LAST + LAST_COUNT;

  static final int SAME = 0;
  static final int INDENT = 1;
  static final int DEDENT = 2;
  static final int DEDENT_MORE = 3;
  static final int CONTINUATION = 4;
  static final int DELTAS = 5;
  static final int MAX_LEVEL = 15;
  static final int MAX_ARGUMENT = 7;
  static final int BRACKETS = 4;

  private StructuralFeatures() {}
}
