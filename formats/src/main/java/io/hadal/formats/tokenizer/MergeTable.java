package io.hadal.formats.tokenizer;

/** The merges: rank of a pair of token ids, resulting id of a rank. */
final class MergeTable {
  /** Rank of a pair that does not merge, above all ranks. */
  static final int NO_RANK = Integer.MAX_VALUE;

  private final LongIntTable ranks;
  private final int[] mergedIds;
  private final boolean ordered;

  /**
   * @param ranks rank by {@link #pair}
   * @param mergedIds resulting id by rank
   * @param ordered whether every merge has a higher rank than all merges that make its parts, as
   *     training produces them
   */
  MergeTable(LongIntTable ranks, int[] mergedIds, boolean ordered) {
    this.ranks = ranks;
    this.mergedIds = mergedIds;
    this.ordered = ordered;
  }

  static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  int rank(int left, int right) {
    int rank = ranks.get(pair(left, right));
    return rank == LongIntTable.ABSENT ? NO_RANK : rank;
  }

  int merged(int rank) {
    return mergedIds[rank];
  }

  int size() {
    return mergedIds.length;
  }

  boolean isOrdered() {
    return ordered;
  }
}
