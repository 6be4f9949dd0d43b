package io.hadal.kernels.packed;

import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.scalar.Grids;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads 32 columns of one row of a packed matrix as integers. */
final class PackedReader {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final PackedLayout layout;
  private final MemorySegment data;
  private final long groupBytes;
  private final int[] words = new int[8];

  PackedReader(PackedMatrix w) {
    this.layout = w.layout();
    this.data = w.data();
    this.groupBytes = layout.groupBytes(w.cols());
  }

  void read(int row, int block, BlockCodes out) {
    int r = row % PackedLayout.GROUP;
    int perUnit = layout.unit() / 32;
    long unit =
        groupBytes * (row / PackedLayout.GROUP) + (long) (block / perUnit) * layout.unitBytes();
    int b = block % perUnit;
    long at = unit + layout.header() + (long) b * layout.blockBytes();
    for (int i = 0; i < layout.codeBytes() / 64; i++) {
      words[i] = data.get(INT, at + 64L * i + 4 * r);
    }
    out.ones();
    scales(unit, at + layout.codeBytes(), b, r, out);
    values(out.value);
  }

  private void scales(long unit, long at, int b, int r, BlockCodes out) {
    switch (layout.scale()) {
      case E8M0 -> out.d = BlockReader.halfScale(u8(at + r));
      case F16 -> out.d(half(at, r));
      case F16_MIN -> {
        out.d(half(at, r));
        out.dmin(half(at + 32, r));
        out.min[0] = 1;
        out.min[1] = 1;
      }
      case K32 -> {
        out.d(half(unit, r));
        out.both((byte) u8(at + r));
      }
      case K32_MIN -> {
        out.d(half(unit, r));
        out.dmin(half(unit + 32, r));
        out.both(u8(at + r));
        out.min[0] = u8(at + 16 + r);
        out.min[1] = out.min[0];
      }
      case K16 -> {
        out.d(half(unit, r));
        out.scale[0] = (byte) u8(at + r);
        out.scale[1] = (byte) u8(at + 16 + r);
      }
      case K16_MIN -> {
        out.d(half(unit, r));
        out.dmin(half(unit + 32, r));
        for (int h = 0; h < 2; h++) {
          out.scale[h] = u8(at + 16 * h + r) & 15;
          out.min[h] = u8(at + 16 * h + r) >> 4;
        }
      }
      case HEADER_NIBBLES -> {
        out.d(half(unit, r));
        out.d *= layout.part();
        int nibble = u8(unit + 32 + 16 * (b >> 1) + r) >> 4 * (b & 1) & 15;
        out.both(2 * nibble + 1);
      }
      case NIBBLE_PAIR -> {
        words[2] = data.get(INT, unit + 32 + 4 * r) >>> b;
        out.d(half(unit, r));
        out.d *= layout.part();
        out.scale[0] = 2 * (u8(at + r) & 15) + 1;
        out.scale[1] = 2 * (u8(at + r) >> 4) + 1;
      }
    }
  }

  private int u8(long at) {
    return data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  private short half(long at, int r) {
    return data.get(SHORT, at + 2L * r);
  }

  private void values(int[] out) {
    for (int k = 0; k < 32; k++) {
      out[k] =
          switch (layout) {
            case E2M1 -> (int) Grids.DOUBLED_E2M1[nibble(k)];
            case Q8 -> (byte) (words[k >> 2] >> 8 * (k & 3));
            case Q4 -> nibble(k) - 8;
            case Q4_MIN, Q4_K -> nibble(k);
            case Q5 -> (nibble(k) | bit(4, k) << 4) - 16;
            case Q5_MIN, Q5_K -> nibble(k) | bit(4, k) << 4;
            case IQ4, IQ4_K -> (int) Grids.IQ4[nibble(k)];
            case Q6_K -> (nibble(k) | pair(4, k) << 4) - 32;
            case Q3_K -> (pair(0, k) | bit(2, k) << 2) - 4;
            case Q2_K -> pair(0, k);
            case IQ2_XXS -> eighth(Grids.IQ2_XXS, 0, k);
            case IQ2_XS -> eighth(Grids.IQ2_XS, words[2] >> 8 * (k >> 3) & 1, k);
            case IQ3_XXS -> {
              int entry = words[k >> 4] >> 8 * (k >> 2 & 3) & 255;
              int v = (int) Grids.IQ3_XXS[4 * entry + (k & 3)];
              yield (words[2] >> k & 1) != 0 ? -v : v;
            }
          };
    }
  }

  private int eighth(float[] grid, int ninth, int k) {
    int entry = words[0] >> 8 * (k >> 3) & 255 | ninth << 8;
    int v = (int) grid[8 * entry + (k & 7)];
    return (words[1] >> k & 1) != 0 ? -v : v;
  }

  private int nibble(int k) {
    return words[k >> 3] >> 4 * (k & 7) & 15;
  }

  private int pair(int plane, int k) {
    int r = k & 7;
    return words[plane + (k >> 4)] >> (8 * (r >> 1) + 4 * (k >> 3 & 1) + 2 * (r & 1)) & 3;
  }

  private int bit(int plane, int k) {
    int r = k & 7;
    return words[plane] >> (8 * (r >> 1) + 2 * (k >> 3) + (r & 1)) & 1;
  }
}
