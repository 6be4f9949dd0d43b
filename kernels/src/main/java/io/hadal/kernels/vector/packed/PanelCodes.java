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
   * @param panel out: {@code [32 * count][ROWS]} from {@code row}
   * @param row 0 or 16, the group's place in the panel
   * @param scales out: f32 scale of every block, {@code [count][ROWS]}
   * @param mins out, types with minima: minimum of columns 0 to 15, of 16 to 31 and dmin, {@code
   *     [count][3][ROWS]}
   */
  void unpack(
      PackedLayout layout,
      MemorySegment w,
      long at,
      int from,
      int count,
      float[] panel,
      int row,
      float[] scales,
      float[] mins) {
    int perUnit = layout.unit() / 32;
    for (int b = 0; b < count; b++) {
      int inUnit = (from + b) % perUnit;
      long unit = at + (long) ((from + b) / perUnit) * layout.unitBytes();
      long block = unit + layout.header() + (long) inUnit * layout.blockBytes();
      long scale = block + layout.codeBytes();
      scales(layout, w, unit, scale, inUnit, scales, b * ROWS + row, mins, 3 * b * ROWS + row);
      for (int part = 0; part < 16; part += L) {
        codes(layout, w, block + 4 * part, part, panel, 32 * b * ROWS + row + part);
      }
    }
  }

  private void scales(
      PackedLayout layout,
      MemorySegment w,
      long unit,
      long at,
      int inUnit,
      float[] scales,
      int s,
      float[] mins,
      int m) {
    switch (layout) {
      case E2M1 -> UnitScales.e8m0(w, at, scales, s);
      case Q8, Q4, Q5, IQ4 -> {
        UnitScales.halves(w, at, 1, scales, s);
        Arrays.fill(sub, 1);
      }
      case Q4_MIN, Q5_MIN -> {
        UnitScales.halves(w, at, 1, scales, s);
        Arrays.fill(sub, 1);
        Arrays.fill(mins, m, m + 16, 1);
        Arrays.fill(mins, m + ROWS, m + ROWS + 16, 1);
        UnitScales.halves(w, at + 32, 1, mins, m + 2 * ROWS);
      }
      case Q4_K, Q5_K -> {
        UnitScales.halves(w, unit, 1, scales, s);
        UnitScales.signed(w, at, sub, 0);
        System.arraycopy(sub, 0, sub, 16, 16);
        UnitScales.signed(w, at + 16, mins, m);
        System.arraycopy(mins, m, mins, m + ROWS, 16);
        UnitScales.halves(w, unit + 32, 1, mins, m + 2 * ROWS);
      }
      case Q6_K, Q3_K -> {
        UnitScales.halves(w, unit, 1, scales, s);
        UnitScales.signed(w, at, sub, 0);
        UnitScales.signed(w, at + 16, sub, 16);
      }
      case IQ4_K -> {
        UnitScales.halves(w, unit, 1, scales, s);
        UnitScales.signed(w, at, sub, 0);
        System.arraycopy(sub, 0, sub, 16, 16);
      }
      case Q2_K -> {
        UnitScales.halves(w, unit, 1, scales, s);
        UnitScales.bits(w, at, 0, 15, 1, 0, sub, 0);
        UnitScales.bits(w, at + 16, 0, 15, 1, 0, sub, 16);
        UnitScales.bits(w, at, 4, 15, 1, 0, mins, m);
        UnitScales.bits(w, at + 16, 4, 15, 1, 0, mins, m + ROWS);
        UnitScales.halves(w, unit + 32, 1, mins, m + 2 * ROWS);
      }
      case IQ2_XXS, IQ3_XXS -> {
        UnitScales.halves(w, unit, layout == PackedLayout.IQ2_XXS ? 0.125f : 0.25f, scales, s);
        long nibble = unit + 32 + 16L * (inUnit >> 1);
        UnitScales.bits(w, nibble, 4 * (inUnit & 1), 15, 2, 1, sub, 0);
        System.arraycopy(sub, 0, sub, 16, 16);
      }
      case IQ2_XS -> {
        UnitScales.halves(w, unit, 0.125f, scales, s);
        UnitScales.bits(w, at, 0, 15, 2, 1, sub, 0);
        UnitScales.bits(w, at, 4, 15, 2, 1, sub, 16);
      }
    }
  }

  private void codes(
      PackedLayout layout, MemorySegment w, long p, int part, float[] panel, int to) {
    switch (layout) {
      case E2M1 -> CodePlanes.e2m1(w, p, panel, to);
      case Q8 -> CodePlanes.bytes(w, p, panel, to);
      case IQ4, IQ4_K -> CodePlanes.iq4(w, p, sub, part, panel, to);
      case Q4 -> CodePlanes.nibbles(w, p, 8, sub, part, panel, to);
      case Q4_MIN, Q4_K -> CodePlanes.nibbles(w, p, 0, sub, part, panel, to);
      case Q5 -> CodePlanes.fifths(w, p, 16, sub, part, panel, to);
      case Q5_MIN, Q5_K -> CodePlanes.fifths(w, p, 0, sub, part, panel, to);
      case Q6_K -> CodePlanes.sixths(w, p, 32, sub, part, panel, to);
      case Q3_K -> CodePlanes.thirds(w, p, 4, sub, part, panel, to);
      case Q2_K -> CodePlanes.pairs(w, p, sub, part, panel, to);
      case IQ2_XXS -> GridPlanes.eights(w, p, 0, GridCodes.IQ2_XXS, sub, part, scratch, panel, to);
      case IQ2_XS ->
          GridPlanes.eights(w, p, p + 128, GridCodes.IQ2_XS, sub, part, scratch, panel, to);
      case IQ3_XXS -> GridPlanes.fours(w, p, GridCodes.IQ3_XXS, sub, part, scratch, panel, to);
    }
  }
}
