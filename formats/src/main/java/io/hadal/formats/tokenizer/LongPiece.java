package io.hadal.formats.tokenizer;

import java.util.Arrays;
import java.util.BitSet;

/** Merging of one long piece, as a linked list of tokens with the rank of each adjacent pair. */
final class LongPiece {
  /** From this many tokens on, one list of positions per rank pays for its set-up. */
  private static final int BY_RANK = 1 << 15;

  private final MergeTable rules;
  private final int[] id;
  private final int[] next;
  private final int[] previous;
  // Rank of the pair that starts here; NO_RANK also once this token was merged into another.
  private final int[] rank;

  /** Takes over the ids of the single bytes, at least one. */
  LongPiece(int[] ids, MergeTable rules) {
    this.rules = rules;
    id = ids;
    next = new int[ids.length];
    previous = new int[ids.length];
    rank = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      rank[i] = i + 1 < ids.length ? rules.rank(ids[i], ids[i + 1]) : MergeTable.NO_RANK;
    }
  }

  void merge(TokenBuffer out) {
    if (rules.isOrdered() && id.length >= BY_RANK) {
      mergeByRank();
    } else {
      mergeByQueue();
    }
    for (int i = 0; i < id.length; i = next[i]) {
      out.add(id[i]);
    }
  }

  /** For any merge table: O(n log n). */
  private void mergeByQueue() {
    long[] initial = new long[id.length];
    int count = 0;
    for (int i = 0; i < id.length; i++) {
      if (rank[i] != MergeTable.NO_RANK) {
        initial[count++] = PairQueue.entry(rank[i], i);
      }
    }
    PairQueue queue = new PairQueue(initial, count);
    while (!queue.isEmpty()) {
      long entry = queue.poll();
      int at = PairQueue.position(entry);
      int r = PairQueue.rank(entry);
      if (rank[at] != r) {
        continue; // the pair has changed since
      }
      join(at, r);
      if (rank[at] != MergeTable.NO_RANK) {
        queue.add(PairQueue.entry(rank[at], at));
      }
      int before = previous[at];
      if (before >= 0 && rank[before] != MergeTable.NO_RANK) {
        queue.add(PairQueue.entry(rank[before], before));
      }
    }
  }

  /**
   * For an ordered table: merging at one rank makes only pairs of higher ranks, so the ranks can be
   * taken one after the other, each from left to right.
   */
  private void mergeByRank() {
    Positions[] byRank = new Positions[rules.size()];
    BitSet pending = new BitSet(byRank.length);
    for (int i = 0; i < id.length; i++) {
      enqueue(i, byRank, pending);
    }
    for (int r = pending.nextSetBit(0); r >= 0; r = pending.nextSetBit(r + 1)) {
      Positions positions = byRank[r];
      positions.sort();
      for (int i = 0; i < positions.size; i++) {
        int at = positions.values[i];
        if (rank[at] != r) {
          continue;
        }
        join(at, r);
        enqueue(at, byRank, pending);
        if (previous[at] >= 0) {
          enqueue(previous[at], byRank, pending);
        }
      }
      positions.clear();
    }
  }

  private void enqueue(int at, Positions[] byRank, BitSet pending) {
    int r = rank[at];
    if (r == MergeTable.NO_RANK) {
      return;
    }
    if (!pending.get(r)) {
      pending.set(r);
      byRank[r] = new Positions();
    }
    byRank[r].add(at);
  }

  /** Merges the pair at {@code at} and renews the ranks of the two pairs beside it. */
  private void join(int at, int r) {
    int gone = next[at];
    int after = next[gone];
    id[at] = rules.merged(r);
    next[at] = after;
    rank[gone] = MergeTable.NO_RANK;
    if (after < id.length) {
      previous[after] = at;
      rank[at] = rules.rank(id[at], id[after]);
    } else {
      rank[at] = MergeTable.NO_RANK;
    }
    int before = previous[at];
    if (before >= 0) {
      rank[before] = rules.rank(id[before], id[at]);
    }
  }

  /** Positions of one rank; they mostly arrive in order. */
  private static final class Positions {
    private int[] values = new int[4];
    private int size;
    private boolean sorted = true;

    void add(int position) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size + (size >> 1));
      }
      sorted &= size == 0 || values[size - 1] <= position;
      values[size++] = position;
    }

    void sort() {
      if (!sorted) {
        Arrays.sort(values, 0, size);
      }
    }

    void clear() {
      values = new int[0];
      size = 0;
    }
  }
}
