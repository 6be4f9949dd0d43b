package io.hadal.model.engram;

/** What kind of text a byte belongs to. */
enum LexicalMode {
  CODE,
  LINE_COMMENT,
  BLOCK_COMMENT,
  /** Between single quote characters; ends with the line. */
  STRING,
  /** Between backticks or triple quotes. */
  RAW_STRING
}
