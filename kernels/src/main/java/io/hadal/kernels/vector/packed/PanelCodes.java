package io.hadal.kernels.vector.packed;

import io.hadal.kernels.packed.GridCodes;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Turns groups of any layout into panels of f32 integers; scratch of one thread. */
final class PanelCodes {
  private static final int ROWS = PanelProduct.ROWS;
  private static final int L = Width.LENGTH;

  /** Integer scales of the two halves of a block, {@code [2][16]}. */
  private final float[] sub = new float[32];

  private final int[] scratch = new int[16];

  /**
   * Weights of a group, {@code scale * value} of each code.
   *
   * @param w packed groups
   * @param at the group
   * @param from first block of 32 columns, the first of a unit
   * @param count blocks
   * @param panel out: address of {@code [32 * count][ROWS]}, filled from {@code row} on
   * @param row 0 or 16, the group's place in the panel
   * @param scales out: f32 scales {@code [ROWS]} of the unit, or of every block where a unit is a
   *     block
   * @param mins out, types with minima: their f32 scales in the same way; for units of 256 columns
   *     {@code [count][2][ROWS]} minima of columns 0 to 15 and of 16 to 31 behind them, the second
   *     only where they differ
   */
  void unpack(
      PackedLayout layout,
      MemorySegment w,
      long at,
      int from,
      int count,
      long panel,
      int row,
      float[] scales,
      float[] mins) {
    int perUnit = layout.unit() / 32;
    if (perUnit > 1) {
      unitScales(layout, w, at + (long) (from / perUnit) * layout.unitBytes(), scales, mins, row);
    }
    for (int b = 0; b < count; b++) {
      int inUnit = (from + b) % perUnit;
      long unit = at + (long) ((from + b) / perUnit) * layout.unitBytes();
      long block = unit + layout.header() + (long) inUnit * layout.blockBytes();
      long scale = block + layout.codeBytes();
      if (perUnit > 1) {
        blockScales(layout, w, unit, scale, inUnit, mins, ROWS + 2 * b * ROWS + row);
      } else {
        Arrays.fill(sub, 1);
      }
      for (int part = 0; part < 16; part += L) {
        codes(layout, w, unit, block, inUnit, part, panel + 4L * (32 * b * ROWS + row + part));
      }
      if (perUnit == 1) {
        // They lie behind the codes, and the processor fetches ahead of what is read upwards.
        scales(layout, w, scale, scales, b * ROWS + row, mins, b * ROWS + row);
      }
    }
  }

  /** f32 scales and minima of a unit of 256 columns, once for its eight blocks. */
  private static void unitScales(
      PackedLayout layout, MemorySegment w, long unit, float[] scales, float[] mins, int row) {
    UnitScales.halves(w, unit, layout.part(), scales, row);
    if (layout.hasMins()) {
      UnitScales.halves(w, unit + 32, 1, mins, row);
    }
  }

  /** Scales of a layout that has them in every block. */
  private static void scales(
      PackedLayout layout, MemorySegment w, long at, float[] scales, int s, float[] mins, int m) {
    switch (layout) {
      case E2M1 -> UnitScales.e8m0(w, at, scales, s);
      case Q4_MIN, Q5_MIN -> {
        UnitScales.halves(w, at, 1, scales, s);
        UnitScales.halves(w, at + 32, 1, mins, m);
      }
      default -> UnitScales.halves(w, at, 1, scales, s);
    }
  }

  /** Integer scales and minima of a block in a unit. */
  private void blockScales(
      PackedLayout layout, MemorySegment w, long unit, long at, int inUnit, float[] mins, int m) {
    switch (layout) {
      case Q4_K, Q5_K -> {
        UnitScales.signed(w, at, sub, 0, 16);
        UnitScales.signed(w, at + 16, mins, m, 0);
      }
      case IQ4_K -> UnitScales.signed(w, at, sub, 0, 16);
      case Q2_K -> {
        UnitScales.bits(w, at, 0, 15, 1, 0, sub, 0, 0);
        UnitScales.bits(w, at + 16, 0, 15, 1, 0, sub, 16, 0);
        UnitScales.bits(w, at, 4, 15, 1, 0, mins, m, 0);
        UnitScales.bits(w, at + 16, 4, 15, 1, 0, mins, m + ROWS, 0);
      }
      case IQ2_XXS, IQ3_XXS -> {
        long nibble = unit + 32 + 16L * (inUnit >> 1);
        UnitScales.bits(w, nibble, 4 * (inUnit & 1), 15, 2, 1, sub, 0, 16);
      }
      case IQ2_XS -> {
        UnitScales.bits(w, at, 0, 15, 2, 1, sub, 0, 0);
        UnitScales.bits(w, at, 4, 15, 2, 1, sub, 16, 0);
      }
      default -> {
        UnitScales.signed(w, at, sub, 0, 0);
        UnitScales.signed(w, at + 16, sub, 16, 0);
      }
    }
  }

  private void codes(
      PackedLayout layout, MemorySegment w, long unit, long block, int inUnit, int part, long to) {
    long p = block + 4 * part;
    switch (layout) {
      case E2M1 -> CodePlanes.e2m1(w, p, to);
      case Q8 -> CodePlanes.bytes(w, p, to);
      case IQ4, IQ4_K -> CodePlanes.iq4(w, p, sub, part, to);
      case Q4 -> CodePlanes.nibbles(w, p, 8, sub, part, to);
      case Q4_MIN, Q4_K -> CodePlanes.nibbles(w, p, 0, sub, part, to);
      case Q5 -> CodePlanes.fifths(w, p, 16, sub, part, to);
      case Q5_MIN, Q5_K -> CodePlanes.fifths(w, p, 0, sub, part, to);
      case Q6_K -> CodePlanes.sixths(w, p, 32, sub, part, to);
      case Q3_K -> CodePlanes.thirds(w, p, 4, sub, part, to);
      case Q2_K -> CodePlanes.pairs(w, p, sub, part, to);
      case IQ2_XXS -> GridPlanes.eights(w, p, 0, 0, GridCodes.IQ2_XXS, sub, part, scratch, to);
      case IQ2_XS ->
          GridPlanes.eights(
              w, p, unit + 32 + 4 * part, inUnit, GridCodes.IQ2_XS, sub, part, scratch, to);
      case IQ3_XXS -> GridPlanes.fours(w, p, GridCodes.IQ3_XXS, sub, part, scratch, to);
    }
  }
}
