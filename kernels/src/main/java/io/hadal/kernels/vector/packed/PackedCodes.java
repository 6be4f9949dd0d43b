package io.hadal.kernels.vector.packed;

import java.lang.foreign.MemorySegment;

/** Turns the codes of a layout into integers held as f32. */
interface PackedCodes {
  /**
   * Weights of a group, {@code scale * value} of each code.
   *
   * @param w packed groups
   * @param at the group
   * @param from first block of 32 columns
   * @param count blocks
   * @param panel out: {@code [32 * count][Panel.ROWS]} from {@code row}
   * @param row 0 or 16, the group's place in the panel
   * @param scales out: f32 scale of every block, {@code [count][Panel.ROWS]}
   * @param mins out, types with minima: minimum of columns 0 to 15, of 16 to 31 and dmin, {@code
   *     [count][3][Panel.ROWS]}
   */
  void unpack(
      MemorySegment w,
      long at,
      int from,
      int count,
      float[] panel,
      int row,
      float[] scales,
      float[] mins);
}
