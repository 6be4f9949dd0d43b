package io.hadal.kernels.packed;

import io.hadal.kernels.scalar.KScales;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The packed words and scales of one row's block, gathered from its stored form word by word. */
final class BlockWords {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final long NIBBLE = 0x0f0f0f0f0f0f0f0fL;
  private static final long PAIR = 0x0303030303030303L;
  private static final long BIT = 0x0101010101010101L;

  /** Planes in the order of the layout. */
  final int[] words = new int[8];

  /** Bytes of scales as the layout has them, or nibbles for the header. */
  final int[] scales = new int[2];

  final int[] mins = new int[2];

  /** f16 scales, of the block or of its unit. */
  short d;

  short dmin;

  /**
   * Reads a block.
   *
   * @param at first byte of the stored block, of 32 or 256 columns
   * @param b which 32 columns of it
   */
  void read(PackedLayout layout, MemorySegment w, long at, int b) {
    switch (layout) {
      case E2M1 -> {
        scales[0] = u8(w, at);
        halves(w, at + 1);
      }
      case Q8 -> {
        d = w.get(SHORT, at);
        for (int t = 0; t < 8; t++) {
          words[t] = w.get(INT, at + 2 + 4 * t);
        }
      }
      case Q4, IQ4 -> {
        d = w.get(SHORT, at);
        halves(w, at + 2);
      }
      case Q4_MIN -> {
        withMin(w, at);
        halves(w, at + 4);
      }
      case Q5 -> {
        d = w.get(SHORT, at);
        halves(w, at + 6);
        words[4] = spread(w.get(INT, at + 2));
      }
      case Q5_MIN -> {
        withMin(w, at);
        halves(w, at + 8);
        words[4] = spread(w.get(INT, at + 4));
      }
      case Q4_K -> {
        kScales(w, at, b);
        nibbles(w, at + 16 + 32 * (b >> 1), b & 1);
      }
      case Q5_K -> {
        kScales(w, at, b);
        nibbles(w, at + 48 + 32 * (b >> 1), b & 1);
        words[4] = bits(w, at + 16, b);
      }
      case Q6_K -> {
        d = w.get(SHORT, at + 208);
        scales[0] = u8(w, at + 192 + 2 * b);
        scales[1] = u8(w, at + 193 + 2 * b);
        nibbles(w, at + (b >> 2) * 64 + (b & 1) * 32, b >> 1 & 1);
        pairs(w, at + 128 + (b >> 2) * 32, b & 3, 4);
      }
      case Q3_K -> {
        d = w.get(SHORT, at + 108);
        for (int h = 0; h < 2; h++) {
          int g = 2 * b + h;
          int low = u8(w, at + 96 + (g & 7)) >> (g >> 3) * 4 & 15;
          int high = u8(w, at + 104 + (g & 3)) >> (g >> 2) * 2 & 3;
          scales[h] = (low | high << 4) - 32;
        }
        pairs(w, at + 32 + (b >> 2) * 32, b & 3, 0);
        words[2] = bits(w, at, b);
      }
      case Q2_K -> {
        d = w.get(SHORT, at + 80);
        dmin = w.get(SHORT, at + 82);
        scales[0] = u8(w, at + 2 * b);
        scales[1] = u8(w, at + 2 * b + 1);
        pairs(w, at + 16 + (b >> 2) * 32, b & 3, 0);
      }
      case IQ4_K -> {
        d = w.get(SHORT, at);
        int low = u8(w, at + 4 + (b >> 1)) >> (b & 1) * 4 & 15;
        int high = w.get(SHORT, at + 2) >> 2 * b & 3;
        scales[0] = (low | high << 4) - 32;
        halves(w, at + 8 + 16 * b);
      }
      case IQ2_XXS -> {
        d = w.get(SHORT, at);
        words[0] = w.get(INT, at + 2 + 8 * b);
        int word = w.get(INT, at + 6 + 8 * b);
        words[1] = signs(word);
        scales[0] = word >>> 28;
      }
      case IQ2_XS -> {
        d = w.get(SHORT, at);
        long four = w.get(LONG, at + 2 + 8 * b);
        words[0] = (int) Long.compress(four, 0x00ff00ff00ff00ffL);
        words[1] = signs((int) Long.compress(four, 0xfe00fe00fe00fe00L));
        words[2] = Integer.expand((int) Long.compress(four, 0x0100010001000100L), 0x01010101);
        scales[0] = u8(w, at + 66 + b);
      }
      case IQ3_XXS -> {
        d = w.get(SHORT, at);
        words[0] = w.get(INT, at + 2 + 8 * b);
        words[1] = w.get(INT, at + 6 + 8 * b);
        int word = w.get(INT, at + 66 + 4 * b);
        words[2] = signs(word);
        scales[0] = word >>> 28;
      }
    }
  }

  /** Reads 32 codes of FP4, which lie two to a byte already. */
  void readFp4(MemorySegment w, long at, int scale) {
    for (int t = 0; t < 4; t++) {
      words[t] = w.get(INT, at + 4 * t);
    }
    scales[0] = scale;
  }

  private static int u8(MemorySegment w, long at) {
    return w.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  private void withMin(MemorySegment w, long at) {
    d = w.get(SHORT, at);
    // Added there, taken off here.
    dmin = (short) (w.get(SHORT, at + 2) ^ 0x8000);
  }

  private void kScales(MemorySegment w, long at, int b) {
    d = w.get(SHORT, at);
    dmin = w.get(SHORT, at + 2);
    int s0 = w.get(INT, at + 4);
    int s1 = w.get(INT, at + 8);
    int s2 = w.get(INT, at + 12);
    scales[0] = (int) (KScales.scales(s0, s2) >>> 8 * b) & 63;
    mins[0] = (int) (KScales.mins(s1, s2) >>> 8 * b) & 63;
  }

  /** Low nibbles of 16 bytes, then their high nibbles. */
  private void halves(MemorySegment w, long at) {
    long a = w.get(LONG, at);
    long b = w.get(LONG, at + 8);
    words[0] = (int) Long.compress(a, NIBBLE);
    words[1] = (int) Long.compress(b, NIBBLE);
    words[2] = (int) Long.compress(a, NIBBLE << 4);
    words[3] = (int) Long.compress(b, NIBBLE << 4);
  }

  /** Low or high nibbles of 32 bytes. */
  private void nibbles(MemorySegment w, long at, int high) {
    long mask = NIBBLE << 4 * high;
    for (int t = 0; t < 4; t++) {
      words[t] = (int) Long.compress(w.get(LONG, at + 8 * t), mask);
    }
  }

  /** The pair at {@code 2 shift} of 32 bytes. */
  private void pairs(MemorySegment w, long at, int shift, int to) {
    long mask = PAIR << 2 * shift;
    for (int h = 0; h < 2; h++) {
      int a = (int) Long.compress(w.get(LONG, at + 16 * h), mask);
      int b = (int) Long.compress(w.get(LONG, at + 16 * h + 8), mask);
      words[to + h] = Integer.expand(a, 0x0f0f0f0f) | Integer.expand(b, 0xf0f0f0f0);
    }
  }

  /** One bit of 32 bytes. */
  private static int bits(MemorySegment w, long at, int shift) {
    int all = 0;
    for (int t = 0; t < 4; t++) {
      all |= (int) Long.compress(w.get(LONG, at + 8 * t), BIT << shift) << 8 * t;
    }
    return spread(all);
  }

  /** Bits in the order of columns to their places. */
  private static int spread(int bits) {
    return Integer.expand(bits, 0x03030303)
        | Integer.expand(bits >>> 8, 0x03030303 << 2)
        | Integer.expand(bits >>> 16, 0x03030303 << 4)
        | Integer.expand(bits >>> 24, 0x03030303 << 6);
  }

  /** Four fields of seven signs; the eighth makes the number of negative ones even. */
  private static int signs(int fields) {
    int v = Integer.expand(fields & 0x0fffffff, 0x7f7f7f7f);
    int parity = v ^ v >>> 4;
    parity ^= parity >>> 2;
    parity ^= parity >>> 1;
    return v | (parity & 0x01010101) << 7;
  }
}
