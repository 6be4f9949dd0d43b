package io.hadal.train;

import io.hadal.train.graph.PackedBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Cuts tokens into rows of a context length. Blocks of the longest context come in an order that
 * follows from seed and epoch; rows are consecutive within a block, so a longer context later on
 * sees no text twice in an epoch.
 */
final class BatchReader {
  private final TokenStore store;
  private final int block;
  private final long seed;
  private final int blocks;
  private long epoch;
  // Tokens of the epoch that are used up.
  private long position;
  private int[] order = new int[0];
  private long ordered = -1;

  /**
   * @param block longest context, a multiple of every other
   * @throws IllegalArgumentException when there is less than one block
   */
  BatchReader(TokenStore store, int block, long seed) {
    this.store = store;
    this.block = block;
    this.seed = seed;
    this.blocks = Math.toIntExact(Math.min(Integer.MAX_VALUE - 8L, store.tokens() / block));
    if (blocks == 0) {
      throw new IllegalArgumentException(
          store.tokens() + " tokens are less than one context of " + block);
    }
  }

  long epoch() {
    return epoch;
  }

  long position() {
    return position;
  }

  /** Goes to a place that {@link #epoch} and {@link #position} named. */
  void seek(long newEpoch, long newPosition) {
    epoch = newEpoch;
    position = newPosition;
  }

  /** The next rows of {@code context} tokens, about {@code tokens} together. */
  PackedBatch next(int tokens, int context) {
    int rows = Math.max(1, tokens / context);
    int[] ids = new int[rows * context];
    int[] targets = new int[rows * context];
    List<Integer> spans = new ArrayList<>();
    for (int r = 0; r < rows; r++) {
      read(store, nextRow(context), context, ids, targets, r * context, spans);
    }
    return new PackedBatch(ids, targets, spans);
  }

  private long nextRow(int context) {
    position = (position + context - 1) / context * context;
    if (position + context > (long) blocks * block) {
      epoch++;
      position = 0;
    }
    if (ordered != epoch) {
      shuffle();
    }
    long at = (long) order[(int) (position / block)] * block + position % block;
    position += context;
    return at;
  }

  private void shuffle() {
    order = new int[blocks];
    SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + epoch);
    for (int i = 0; i < blocks; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    ordered = epoch;
  }

  /** Reads one row and appends the lengths of its documents. */
  static void read(
      TokenStore store,
      long from,
      int context,
      int[] ids,
      int[] targets,
      int offset,
      List<Integer> spans) {
    store.read(from, ids, offset, context);
    int behind = (int) Math.min(context, store.tokens() - from - 1);
    targets[offset + context - 1] = -1;
    store.readTargets(from + 1, targets, offset, behind);
    long document = documentOf(store, from) + 1;
    int start = 0;
    for (; document <= store.documents(); document++) {
      long next = store.documentStart(document);
      if (next > from + context) {
        break;
      }
      int length = (int) (next - from) - start;
      if (length > 0) {
        // Nothing follows the last token of a document.
        targets[offset + start + length - 1] = -1;
        spans.add(length);
        start += length;
      }
    }
    if (start < context) {
      spans.add(context - start);
    }
  }

  /** The last document that starts at or before a token. */
  static long documentOf(TokenStore store, long token) {
    long low = 0;
    long high = store.documents();
    while (high - low > 1) {
      long middle = (low + high) >>> 1;
      if (store.documentStart(middle) <= token) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
