package io.hadal.kernels.scalar;

/**
 * The 12 bytes that hold eight 6-bit scales and eight 6-bit minima of Q4_K and Q5_K, read as three
 * little-endian words. Results have one value a byte, the first lowest.
 */
public final class KScales {
  private KScales() {}

  public static long scales(int w0, int w2) {
    int low = w0 & 0x3f3f3f3f;
    int high = w2 & 0x0f0f0f0f | w0 >>> 2 & 0x30303030;
    return Integer.toUnsignedLong(low) | (long) high << 32;
  }

  public static long mins(int w1, int w2) {
    int low = w1 & 0x3f3f3f3f;
    int high = w2 >>> 4 & 0x0f0f0f0f | w1 >>> 2 & 0x30303030;
    return Integer.toUnsignedLong(low) | (long) high << 32;
  }
}
