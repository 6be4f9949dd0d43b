package io.hadal.kernels.packed;

import io.hadal.kernels.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Writes groups of sixteen rows in their {@link PackedLayout}. */
public final class Packer {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Matrix w;
  private final PackedLayout layout;
  private final BlockCodes codes = new BlockCodes();

  public Packer(Matrix w, PackedLayout layout) {
    this.w = w;
    this.layout = layout;
  }

  /** Packs one group to {@code out} from {@code at}, whose bytes are zero; rows past the end stay so. */
  public void group(int group, MemorySegment out, long at) {
    int first = group * PackedLayout.GROUP;
    int rows = Math.min(PackedLayout.GROUP, w.rows() - first);
    int perUnit = layout.unit() / 32;
    for (int r = 0; r < rows; r++) {
      for (int b = 0; b < w.cols() / 32; b++) {
        BlockReader.read(w, first + r, b, codes);
        long unit = at + (long) (b / perUnit) * layout.unitBytes();
        int inUnit = b % perUnit;
        long block = unit + layout.header() + (long) inUnit * layout.blockBytes();
        codes(out, block, r);
        scales(out, unit, block, inUnit, r);
      }
    }
  }

  private void codes(MemorySegment out, long block, int r) {
    long at = block + 4L * r;
    switch (layout) {
      case Q8 -> bytes(out, at, 0, 8);
      case E2M1, Q4, Q4_MIN, IQ4, Q4_K, IQ4_K -> nibbles(out, at);
      case Q5, Q5_MIN, Q5_K -> {
        nibbles(out, at);
        bits(out, at + 256, 4);
      }
      case Q6_K -> {
        nibbles(out, at);
        pairs(out, at + 256, 4);
      }
      case Q2_K -> pairs(out, at, 0);
      case Q3_K -> {
        pairs(out, at, 0);
        bits(out, at + 128, 2);
      }
      case IQ2_XXS -> {
        bytes(out, at, 0, 1);
        bytes(out, at + 64, 16, 1);
      }
      case IQ2_XS -> {
        bytes(out, at, 0, 1);
        bytes(out, at + 64, 16, 1);
        int high = 0;
        for (int g = 0; g < 4; g++) {
          high |= (codes.code[g] >> 8 & 1) << 8 * g;
        }
        out.set(INT, at + 128, high);
      }
      case IQ3_XXS -> {
        bytes(out, at, 0, 2);
        bytes(out, at + 128, 16, 1);
      }
    }
  }

  private void bytes(MemorySegment out, long at, int from, int words) {
    for (int t = 0; t < words; t++) {
      int word = 0;
      for (int i = 0; i < 4; i++) {
        word |= (codes.code[from + 4 * t + i] & 0xff) << 8 * i;
      }
      out.set(INT, at + 64L * t, word);
    }
  }

  private void nibbles(MemorySegment out, long at) {
    for (int t = 0; t < 4; t++) {
      int word = 0;
      for (int i = 0; i < 8; i++) {
        word |= (codes.code[8 * t + i] & 15) << 4 * i;
      }
      out.set(INT, at + 64L * t, word);
    }
  }

  /** Two bits of every code from bit {@code shift}. */
  private void pairs(MemorySegment out, long at, int shift) {
    for (int half = 0; half < 2; half++) {
      int word = 0;
      for (int i = 0; i < 16; i++) {
        int t = i >> 3;
        int r = i & 7;
        word |= (codes.code[16 * half + i] >> shift & 3) << (8 * (r >> 1) + 4 * t + 2 * (r & 1));
      }
      out.set(INT, at + 64L * half, word);
    }
  }

  /** Bit {@code shift} of every code. */
  private void bits(MemorySegment out, long at, int shift) {
    int word = 0;
    for (int k = 0; k < 32; k++) {
      int r = k & 7;
      word |= (codes.code[k] >> shift & 1) << (8 * (r >> 1) + 2 * (k >> 3) + (r & 1));
    }
    out.set(INT, at, word);
  }

  private void scales(MemorySegment out, long unit, long block, int inUnit, int r) {
    long at = block + layout.codeBytes();
    switch (layout.scale()) {
      case E8M0 -> out.set(ValueLayout.JAVA_BYTE, at + r, (byte) codes.dBits);
      case F16 -> out.set(SHORT, at + 2L * r, codes.dBits);
      case F16_MIN -> {
        out.set(SHORT, at + 2L * r, codes.dBits);
        out.set(SHORT, at + 32 + 2L * r, codes.dminBits);
      }
      case K32 -> {
        super256(out, unit, r, false);
        out.set(ValueLayout.JAVA_BYTE, at + r, (byte) codes.scale[0]);
      }
      case K32_MIN -> {
        super256(out, unit, r, true);
        out.set(ValueLayout.JAVA_BYTE, at + r, (byte) codes.scale[0]);
        out.set(ValueLayout.JAVA_BYTE, at + 16 + r, (byte) codes.min[0]);
      }
      case K16 -> {
        super256(out, unit, r, false);
        out.set(ValueLayout.JAVA_BYTE, at + r, (byte) codes.scale[0]);
        out.set(ValueLayout.JAVA_BYTE, at + 16 + r, (byte) codes.scale[1]);
      }
      case K16_MIN -> {
        super256(out, unit, r, true);
        for (int h = 0; h < 2; h++) {
          byte both = (byte) (codes.scale[h] | codes.min[h] << 4);
          out.set(ValueLayout.JAVA_BYTE, at + 16L * h + r, both);
        }
      }
      case HEADER_NIBBLES -> {
        super256(out, unit, r, false);
        long place = unit + 32 + 16L * (inUnit >> 1) + r;
        int both = out.get(ValueLayout.JAVA_BYTE, place);
        both |= (codes.scale[0] >> 1) << 4 * (inUnit & 1);
        out.set(ValueLayout.JAVA_BYTE, place, (byte) both);
      }
      case NIBBLE_PAIR -> {
        super256(out, unit, r, false);
        int both = codes.scale[0] >> 1 | codes.scale[1] >> 1 << 4;
        out.set(ValueLayout.JAVA_BYTE, at + r, (byte) both);
      }
    }
  }

  private void super256(MemorySegment out, long unit, int r, boolean mins) {
    out.set(SHORT, unit + 2L * r, codes.dBits);
    if (mins) {
      out.set(SHORT, unit + 32 + 2L * r, codes.dminBits);
    }
  }
}
