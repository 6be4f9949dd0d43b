package io.hadal.engine.constraint;

import io.hadal.formats.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * The ordinary tokens of a vocabulary as a tree of their bytes, in one array in depth-first order:
 * what cannot follow is passed over with all that begins with it. Immutable.
 */
public final class TokenVocabulary {
  /** Longest token that is used; longer ones are never allowed. */
  private static final int MOST_BYTES = 1024;

  private final int size;
  private final BitSet single = new BitSet(256);
  private final byte[][] bytes;

  // Nodes without the root.
  private final byte[] label;
  private final short[] depth;
  private final int[] end;
  private final int[] firstToken;
  private final int[] ids;
  private final int deepest;

  /** The ordinary tokens of a tokenizer; added ones stand for no text. */
  public static TokenVocabulary of(Tokenizer tokenizer) {
    byte[][] bytes = new byte[tokenizer.vocabSize()][];
    for (int id = 0; id < bytes.length; id++) {
      bytes[id] = tokenizer.isAdded(id) ? new byte[0] : tokenizer.tokenBytes(id);
    }
    return new TokenVocabulary(bytes);
  }

  /**
   * A vocabulary.
   *
   * @param bytes of each token; none for tokens that stand for no text
   */
  TokenVocabulary(byte[][] bytes) {
    this.bytes = bytes;
    this.size = bytes.length;
    List<Integer> order = new ArrayList<>();
    for (int id = 0; id < size; id++) {
      if (bytes[id].length > 0 && bytes[id].length <= MOST_BYTES) {
        order.add(id);
      }
      if (bytes[id].length == 1) {
        single.set(bytes[id][0] & 0xFF);
      }
    }
    order.sort(
        Comparator.<Integer, byte[]>comparing(id -> bytes[id], Arrays::compareUnsigned)
            .thenComparing(id -> id));
    int count = 0;
    byte[] before = new byte[0];
    for (int id : order) {
      count += bytes[id].length - common(before, bytes[id]);
      before = bytes[id];
    }
    label = new byte[count];
    depth = new short[count];
    end = new int[count];
    firstToken = new int[count + 1];
    ids = new int[order.size()];
    int[] open = new int[MOST_BYTES + 1];
    int n = 0;
    int tokens = 0;
    int most = 0;
    before = new byte[0];
    for (int id : order) {
      byte[] token = bytes[id];
      int same = common(before, token);
      for (int d = same; d < before.length; d++) {
        end[open[d]] = n;
      }
      for (int d = same; d < token.length; d++) {
        label[n] = token[d];
        depth[n] = (short) (d + 1);
        firstToken[n] = tokens;
        open[d] = n++;
      }
      ids[tokens++] = id;
      most = Math.max(most, token.length);
      before = token;
    }
    for (int d = 0; d < before.length; d++) {
      end[open[d]] = n;
    }
    firstToken[count] = tokens;
    deepest = most;
  }

  private static int common(byte[] x, byte[] y) {
    int at = Arrays.mismatch(x, y);
    return at < 0 ? x.length : at;
  }

  /** Number of ids. */
  public int size() {
    return size;
  }

  /** Whether some token is this byte alone. */
  boolean hasByte(int value) {
    return single.get(value);
  }

  byte[] bytes(int id) {
    return id >= 0 && id < size ? bytes[id] : new byte[0];
  }

  int nodes() {
    return label.length;
  }

  int deepest() {
    return deepest;
  }

  byte label(int node) {
    return label[node];
  }

  int depth(int node) {
    return depth[node];
  }

  /** The first node behind those that begin with this one. */
  int end(int node) {
    return end[node];
  }

  /** Adds the tokens that end at a node. */
  void addTokens(int node, BitSet to) {
    for (int i = firstToken[node]; i < firstToken[node + 1]; i++) {
      to.set(ids[i]);
    }
  }
}
