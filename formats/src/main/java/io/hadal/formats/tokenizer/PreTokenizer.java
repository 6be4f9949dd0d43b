package io.hadal.formats.tokenizer;

import java.util.List;

/**
 * Cuts text into the pieces inside which BPE merges. Stateless, thread-safe, linear in the text.
 */
public interface PreTokenizer {
  /** The splits of V3, R1, V3.1, V3.2, V4 and V4.1 (spec section 9.1). */
  static PreTokenizer deepSeekV3() {
    return new DeepSeekV3PreTokenizer();
  }

  /** The regular expressions of the successive isolated splits, as tokenizer.json writes them. */
  List<String> stages();

  /**
   * End of the piece that starts at {@code start}.
   *
   * @param start index of a piece start, {@code < end}
   * @param end exclusive end of the text, never between the halves of a surrogate pair
   * @return index in {@code (start, end]}
   */
  int pieceEnd(char[] text, int start, int end);
}
