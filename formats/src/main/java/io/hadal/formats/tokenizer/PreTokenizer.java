package io.hadal.formats.tokenizer;

/**
 * Cuts text into the pieces inside which BPE merges. Stateless, thread-safe, linear in the text.
 */
interface PreTokenizer {
  /**
   * End of the piece that starts at {@code start}.
   *
   * @param start index of a piece start, {@code < end}
   * @param end exclusive end of the text, never between the halves of a surrogate pair
   * @return index in {@code (start, end]}
   */
  int pieceEnd(char[] text, int start, int end);
}
