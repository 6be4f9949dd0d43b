package io.hadal.model.engram;

import java.util.Arrays;

/**
 * The distinct rows of a request in ascending order, which is that of the file.
 *
 * @param rows distinct row ids
 * @param index index into {@code rows} of each row asked for
 */
@SuppressWarnings("ArrayRecordComponent") // read only
record DistinctRows(int[] rows, int[] index) {

  static DistinctRows of(int[] asked, int from, int count) {
    long[] sorted = new long[count];
    for (int i = 0; i < count; i++) {
      sorted[i] = (long) asked[from + i] << 32 | i;
    }
    Arrays.sort(sorted);
    int[] rows = new int[count];
    int[] index = new int[count];
    int distinct = 0;
    for (int i = 0; i < count; i++) {
      int row = (int) (sorted[i] >> 32);
      if (distinct == 0 || rows[distinct - 1] != row) {
        rows[distinct++] = row;
      }
      index[(int) sorted[i]] = distinct - 1;
    }
    return new DistinctRows(Arrays.copyOf(rows, distinct), index);
  }
}
