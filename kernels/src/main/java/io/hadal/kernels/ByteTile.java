package io.hadal.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How {@link #KEYS} index keys of 8-bit integers lie together: 32-bit words of four values of a
 * key, keys side by side, then one f32 scale a key. A value is {@code scale * code}, the scale the
 * largest value over 127.
 */
public final class ByteTile {
  public static final int KEYS = KeyTile.KEYS;

  /** Most values of a key: products of that many are exact in f32 in any order. */
  public static final int MOST = 1024;

  /** Bits by which E2M1 codes times two, at most 12, are shifted up under a key's largest scale. */
  public static final int FP4_SHIFT = 3;

  /** What a byte of such a key stands for under a scale of one. */
  public static final float FP4_UNIT = 0.5f / (1 << FP4_SHIFT);

  private ByteTile() {}

  /** Values of a key with those that fill its last word, which are zero. */
  public static int padded(int width) {
    return (width + 3) / 4 * 4;
  }

  /** Bytes of a tile. */
  public static int bytes(int width) {
    return KEYS * (padded(width) + 4);
  }

  /** Words of a tile. */
  public static int words(int width) {
    return bytes(width) / 4;
  }

  /** Byte of a key's code for value k. */
  public static int code(int key, int k) {
    return (k / 4 * KEYS + key) * 4 + k % 4;
  }

  /** First byte of a key's scale. */
  public static int scale(int key, int width) {
    return KEYS * padded(width) + 4 * key;
  }

  /** Quantises a key to its place. */
  public static void write(float[] x, int offset, int width, MemorySegment tile, int key) {
    byte[] codes = new byte[padded(width)];
    float scale = quantize(x, offset, width, codes, 0);
    for (int k = 0; k < codes.length; k++) {
      tile.set(ValueLayout.JAVA_BYTE, code(key, k), codes[k]);
    }
    tile.set(ValueLayout.JAVA_FLOAT_UNALIGNED, scale(key, width), scale);
  }

  /** Values of a key. */
  public static void read(MemorySegment tile, int key, int width, float[] x, int offset) {
    float scale = tile.get(ValueLayout.JAVA_FLOAT_UNALIGNED, scale(key, width));
    for (int k = 0; k < width; k++) {
      x[offset + k] = scale * tile.get(ValueLayout.JAVA_BYTE, code(key, k));
    }
  }

  /** Codes of n values from {@code at} on; returns their scale, as {@link BlockInput} has it. */
  static float quantize(float[] x, int offset, int n, byte[] codes, int at) {
    float largest = 0;
    for (int i = offset; i < offset + n; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    if (!(largest < Float.POSITIVE_INFINITY)) {
      return Float.NaN;
    }
    if (largest < BlockInput.LEAST) {
      return 0;
    }
    float inverse = 127 / largest;
    for (int i = 0; i < n; i++) {
      codes[at + i] = BlockInput.code(x[offset + i] * inverse);
    }
    return largest / 127;
  }
}
