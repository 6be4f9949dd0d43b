package io.hadal.formats.tokenizer;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Finds added tokens in text: at each position the longest one, as a trie walk bounded by the
 * longest token.
 */
final class AddedTokenMatcher {
  static final int NONE = -1;

  private final LongIntTable children;
  private final int[] idOfNode;
  private final long[] firstChars = new long[0x10000 / 64];

  /**
   * @param tokens token text by id
   * @param added the ids to match; their texts are distinct, non-empty and free of lone surrogates
   */
  AddedTokenMatcher(String[] tokens, BitSet added) {
    int chars = added.stream().map(id -> tokens[id].length()).sum();
    children = new LongIntTable(chars);
    idOfNode = new int[chars + 1];
    Arrays.fill(idOfNode, NONE);
    int nodes = 1;
    for (int id = added.nextSetBit(0); id >= 0; id = added.nextSetBit(id + 1)) {
      String token = tokens[id];
      char first = token.charAt(0);
      firstChars[first >> 6] |= 1L << first;
      int node = 0;
      for (int i = 0; i < token.length(); i++) {
        int child = children.putIfAbsent(edge(node, token.charAt(i)), nodes);
        node = child == LongIntTable.ABSENT ? nodes++ : child;
      }
      idOfNode[node] = id;
    }
  }

  /** First index at or after {@code from} where an added token may start, or {@code end}. */
  int nextCandidate(char[] text, int from, int end) {
    int i = from;
    while (i < end && (firstChars[text[i] >> 6] & 1L << text[i]) == 0) {
      i++;
    }
    return i;
  }

  /** Id of the longest added token that starts at {@code start}, or {@link #NONE}. */
  int longestAt(char[] text, int start, int end) {
    int id = NONE;
    int node = 0;
    for (int i = start; i < end; i++) {
      node = children.get(edge(node, text[i]));
      if (node == LongIntTable.ABSENT) {
        break;
      }
      if (idOfNode[node] != NONE) {
        id = idOfNode[node];
      }
    }
    return id;
  }

  private static long edge(int node, char c) {
    return (long) node << 16 | c;
  }
}
