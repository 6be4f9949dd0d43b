package io.hadal.kernels.packed;

import io.hadal.kernels.scalar.Grids;

/** Grids as words of small codes, one code for each level. */
public final class GridCodes {
  /** Eight codes of two bits: 0, 1, 2 for 8, 25, 43. */
  public static final int[] IQ2_XXS = codes(Grids.IQ2_XXS, 8, 2, 8, 25, 43);

  public static final int[] IQ2_XS = codes(Grids.IQ2_XS, 8, 2, 8, 25, 43);

  /** Four codes of three bits. */
  public static final int[] IQ3_XXS = codes(Grids.IQ3_XXS, 4, 3, 4, 12, 20, 28, 36, 44, 52, 62);

  private GridCodes() {}

  private static int[] codes(float[] grid, int width, int bits, int... levels) {
    int[] out = new int[grid.length / width];
    for (int i = 0; i < grid.length; i++) {
      int code = 0;
      while (levels[code] != (int) grid[i]) {
        code++;
      }
      out[i / width] |= code << bits * (i % width);
    }
    return out;
  }

  /** Levels, then their negatives, repeated to sixteen. */
  public static float[] signed(int... levels) {
    float[] out = new float[16];
    for (int i = 0; i < 16; i++) {
      int level = levels[i % levels.length];
      out[i] = (i / levels.length & 1) == 0 ? level : -level;
    }
    return out;
  }
}
