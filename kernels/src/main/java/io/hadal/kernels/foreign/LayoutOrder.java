package io.hadal.kernels.foreign;

import io.hadal.kernels.packed.GridCodes;
import io.hadal.kernels.packed.PackedLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the native kernels expect of activations and grids. They multiply four columns of sixteen
 * rows at once, those whose codes a shift and a mask turn into bytes; activations come in the same
 * order.
 */
final class LayoutOrder {
  private static final MemorySegment TABLES_2XXS = tables(GridCodes.IQ2_XXS, 8);
  private static final MemorySegment TABLES_2XS = tables(GridCodes.IQ2_XS, 8);
  private static final MemorySegment TABLES_3XXS = tables(GridCodes.IQ3_XXS, 6);

  private LayoutOrder() {}

  /** Column, 0 to 31, of every place in a block. */
  static byte[] of(PackedLayout layout) {
    byte[] order = new byte[32];
    for (int i = 0; i < 32; i++) {
      order[i] = (byte) column(layout, i >> 2, i & 3);
    }
    return order;
  }

  /** Column of byte {@code j} of word {@code i}. */
  private static int column(PackedLayout layout, int i, int j) {
    return switch (layout) {
      case Q8 -> 4 * i + j;
      case IQ2_XXS -> i + 8 * j;
      case IQ2_XS -> 16 * (i >> 2) + 2 * (i & 3) + (j >> 1) + 8 * (j & 1);
      case IQ3_XXS -> 16 * (i >> 2) + (i & 3) + 4 * j;
      default -> 8 * (i >> 1) + (i & 1) + 2 * j;
    };
  }

  /** Grid entries as tables of low and of high bytes; nothing for layouts without a grid. */
  static MemorySegment tables(PackedLayout layout) {
    return switch (layout) {
      case IQ2_XXS -> TABLES_2XXS;
      case IQ2_XS -> TABLES_2XS;
      case IQ3_XXS -> TABLES_3XXS;
      default -> MemorySegment.NULL;
    };
  }

  private static MemorySegment tables(int[] codes, int bits) {
    MemorySegment out = Arena.global().allocate(2L * codes.length, 64);
    for (int i = 0; i < codes.length; i++) {
      out.set(ValueLayout.JAVA_BYTE, i, (byte) (codes[i] & (1 << bits) - 1));
      out.set(ValueLayout.JAVA_BYTE, codes.length + i, (byte) (codes[i] >> bits));
    }
    return out;
  }
}
