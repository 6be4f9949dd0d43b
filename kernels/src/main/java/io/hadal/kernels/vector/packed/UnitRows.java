package io.hadal.kernels.vector.packed;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.packed.PackedLayout;
import java.lang.foreign.MemorySegment;

/** Rows of a layout with f16 scales, which are turned to f32 once for each unit. */
abstract class UnitRows implements PackedRows {
  private static final ThreadLocal<float[]> SCALES =
      ThreadLocal.withInitial(() -> new float[16 * VectorBlockKernels.SIDE_BY_SIDE]);
  private static final ThreadLocal<float[]> MINS =
      ThreadLocal.withInitial(() -> new float[16 * VectorBlockKernels.SIDE_BY_SIDE]);

  private final int unitBlocks;
  private final int unitBytes;
  private final int header;
  private final int scaleAt;
  private final boolean hasMins;
  private final float factor;

  UnitRows(PackedLayout layout) {
    this.unitBlocks = layout.unit() / 32;
    this.unitBytes = layout.unitBytes();
    this.header = layout.header();
    this.scaleAt = unitBlocks == 1 ? layout.codeBytes() : 0;
    this.hasMins = layout.hasMins();
    this.factor = layout.part();
  }

  @Override
  public final void rows(
      MemorySegment w,
      long at,
      long groupBytes,
      int groups,
      int blocks,
      BlockInput x,
      int t,
      float[] sums) {
    float[] d = SCALES.get();
    float[] dmin = MINS.get();
    int vectors = groups * PARTS;
    for (int b = 0; b < blocks; b += unitBlocks) {
      long unit = at + (long) (b / unitBlocks) * unitBytes;
      for (int g = 0; g < groups; g++) {
        UnitScales.halves(w, unit + scaleAt + g * groupBytes, factor, d, 16 * g);
        if (hasMins) {
          UnitScales.halves(w, unit + scaleAt + g * groupBytes + 32, 1, dmin, 16 * g);
        }
      }
      unit(
          w,
          unit + header,
          groupBytes,
          vectors,
          unitBlocks,
          x.pairs(),
          t * blocks + b,
          x.scales(),
          x.sums(),
          d,
          dmin,
          sums);
    }
  }

  /**
   * Adds the products of one unit.
   *
   * @param at first block of the unit in the first group
   * @param vectors vectors of rows, {@link #PARTS} a group
   * @param xBlock first block of the token's pairs, scales and sums
   * @param q sums of the token's codes
   * @param d f32 scales of the rows
   * @param dmin f32 scales of their minima
   */
  abstract void unit(
      MemorySegment w,
      long at,
      long groupBytes,
      int vectors,
      int blocks,
      int[] pairs,
      int xBlock,
      float[] dx,
      int[] q,
      float[] d,
      float[] dmin,
      float[] sums);
}
