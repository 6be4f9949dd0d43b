package io.hadal.kernels.packed;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Writes groups of sixteen rows in their {@link PackedLayout}. */
public final class Packer {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Matrix w;
  private final PackedLayout layout;
  private final @Nullable BlockScales tiles;
  private final int planes;
  private final BlockWords block = new BlockWords();

  public Packer(Matrix w, PackedLayout layout) {
    this.w = w;
    this.layout = layout;
    this.tiles = w.scales();
    this.planes = layout.codeBytes() / 64;
  }

  /**
   * Packs one group to {@code out} from {@code at}, whose bytes are zero; rows past the end stay
   * so.
   */
  public void group(int group, MemorySegment out, long at) {
    int first = group * PackedLayout.GROUP;
    int rows = Math.min(PackedLayout.GROUP, w.rows() - first);
    int perUnit = layout.unit() / 32;
    for (int u = 0; u < w.cols() / layout.unit(); u++) {
      long unit = at + (long) u * layout.unitBytes();
      for (int r = 0; r < rows; r++) {
        for (int b = 0; b < perUnit; b++) {
          read(first + r, u, b);
          long to = unit + layout.header() + (long) b * layout.blockBytes();
          for (int i = 0; i < planes; i++) {
            out.set(INT, to + 64L * i + 4 * r, block.words[i]);
          }
          scales(out, unit, to + layout.codeBytes(), b, r);
        }
      }
    }
  }

  private void read(int row, int unit, int b) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row;
    if (tiles == null) {
      block.read(layout, data, at + (long) unit * w.type().blockBytes(), b);
    } else {
      long tile =
          (long) ((row + w.scaleRowOffset()) / tiles.tileRows()) * tiles.tilesPerRow()
              + 32L * unit / tiles.tileCols();
      int scale = tiles.data().get(ValueLayout.JAVA_BYTE, tile) & 0xff;
      block.readFp4(data, at + 16L * unit, scale);
    }
  }

  private void scales(MemorySegment out, long unit, long at, int b, int r) {
    switch (layout.scale()) {
      case E8M0 -> set(out, at + r, block.scales[0]);
      case F16 -> out.set(SHORT, at + 2 * r, block.d);
      case F16_MIN -> {
        out.set(SHORT, at + 2 * r, block.d);
        out.set(SHORT, at + 32 + 2 * r, block.dmin);
      }
      case K32 -> {
        unitScales(out, unit, b, r, false);
        set(out, at + r, block.scales[0]);
      }
      case K32_MIN -> {
        unitScales(out, unit, b, r, true);
        set(out, at + r, block.scales[0]);
        set(out, at + 16 + r, block.mins[0]);
      }
      case K16, K16_MIN -> {
        unitScales(out, unit, b, r, layout.hasMins());
        set(out, at + r, block.scales[0]);
        set(out, at + 16 + r, block.scales[1]);
      }
      case HEADER_NIBBLES -> {
        unitScales(out, unit, b, r, false);
        long place = unit + 32 + 16L * (b >> 1) + r;
        set(out, place, out.get(ValueLayout.JAVA_BYTE, place) | block.scales[0] << 4 * (b & 1));
      }
      case NIBBLE_PAIR -> {
        unitScales(out, unit, b, r, false);
        long ninth = unit + 32 + 4L * r;
        out.set(INT, ninth, out.get(INT, ninth) | block.words[2] << b);
        set(out, at + r, block.scales[0]);
      }
    }
  }

  private void unitScales(MemorySegment out, long unit, int b, int r, boolean mins) {
    if (b == 0) {
      out.set(SHORT, unit + 2 * r, block.d);
      if (mins) {
        out.set(SHORT, unit + 32 + 2 * r, block.dmin);
      }
    }
  }

  private static void set(MemorySegment out, long at, int value) {
    out.set(ValueLayout.JAVA_BYTE, at, (byte) value);
  }
}
