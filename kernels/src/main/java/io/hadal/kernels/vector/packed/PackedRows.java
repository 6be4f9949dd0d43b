package io.hadal.kernels.vector.packed;

import io.hadal.kernels.BlockInput;
import java.lang.foreign.MemorySegment;

/**
 * Kernels of one packed layout. A group's sixteen rows are {@link #PARTS} vectors of as many lanes
 * as the machine has; several groups run side by side, because one stream of memory alone is a
 * third slower than four.
 */
interface PackedRows {
  /** Vectors of a group. */
  int PARTS = 16 / io.hadal.kernels.vector.Width.LENGTH;

  /** What {@link #rows} reads of its input. */
  BlockInput.Form form();

  /**
   * Adds the products of rows with one token, blocks in ascending order.
   *
   * @param w packed groups
   * @param at first group
   * @param groupBytes from one group to the next
   * @param groups groups side by side
   * @param blocks blocks of 32 columns
   * @param x input
   * @param t token
   * @param sums {@code [groups, 16]}
   */
  void rows(
      MemorySegment w,
      long at,
      long groupBytes,
      int groups,
      int blocks,
      BlockInput x,
      int t,
      float[] sums);
}
