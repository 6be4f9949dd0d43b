package io.hadal.kernels.vector.packed;

import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import org.jspecify.annotations.Nullable;

/** The kernels of each layout. */
final class PackedKernels {
  private static final @Nullable PackedRows[] ROWS =
      new @Nullable PackedRows[PackedLayout.values().length];

  static {
    for (PackedLayout layout : PackedLayout.values()) {
      ROWS[layout.ordinal()] = createRows(layout);
    }
  }

  private PackedKernels() {}

  private static @Nullable PackedRows createRows(PackedLayout layout) {
    return switch (layout) {
      // The table of sixteen values needs 16-bit lanes for all of them.
      case E2M1 -> Width.BITS >= 256 ? new E2m1Rows() : null;
      case Q4_K -> new Q4kRows();
      case Q6_K -> new Q6kRows();
      case Q2_K -> new Q2kRows();
      case Q8 -> new Q8Rows();
      case IQ2_XXS -> Width.BITS == 512 ? new Iq2XxsRows512() : null;
      default -> null;
    };
  }

  /** The kernel for one token; null when tokens go through panels only. */
  static @Nullable PackedRows rows(PackedLayout layout) {
    return ROWS[layout.ordinal()];
  }
}
