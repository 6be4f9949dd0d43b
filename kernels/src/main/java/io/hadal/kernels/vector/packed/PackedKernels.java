package io.hadal.kernels.vector.packed;

import io.hadal.kernels.packed.PackedLayout;
import org.jspecify.annotations.Nullable;

/** The kernels of each layout. */
final class PackedKernels {
  private static final @Nullable PackedRows[] ROWS =
      new @Nullable PackedRows[PackedLayout.values().length];
  private static final PackedCodes[] CODES = new PackedCodes[ROWS.length];

  static {
    for (PackedLayout layout : PackedLayout.values()) {
      ROWS[layout.ordinal()] = createRows(layout);
      CODES[layout.ordinal()] = createCodes(layout);
    }
  }

  private PackedKernels() {}

  private static @Nullable PackedRows createRows(PackedLayout layout) {
    return switch (layout) {
      case E2M1 -> new E2m1Rows();
      default -> null;
    };
  }

  private static PackedCodes createCodes(PackedLayout layout) {
    return switch (layout) {
      default -> new E2m1Codes();
    };
  }

  /** The kernel for one token; null when tokens go through panels only. */
  static @Nullable PackedRows rows(PackedLayout layout) {
    return ROWS[layout.ordinal()];
  }

  static PackedCodes codes(PackedLayout layout) {
    return CODES[layout.ordinal()];
  }
}
