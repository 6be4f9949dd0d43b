package io.hadal.kernels;

/** Power-of-two scales in one byte: {@code 2^(b - 127)}, 255 = NaN (spec 0.1). */
public final class E8M0 {
  private static final float[] VALUES = new float[256];

  static {
    VALUES[0] = 0x1p-127f;
    for (int code = 1; code < 255; code++) {
      VALUES[code] = Float.intBitsToFloat(code << 23);
    }
    VALUES[255] = Float.NaN;
  }

  private E8M0() {}

  public static float decode(byte code) {
    return VALUES[code & 0xff];
  }

  /**
   * Code of the smallest power of two that is not below a positive value (spec 0.2); NaN and
   * infinity give 255, values below 2^-127 give 0.
   */
  public static byte encodeCeil(float value) {
    int bits = Float.floatToRawIntBits(value) & 0x7fffffff;
    if (bits >= 0x7f800000) {
      return (byte) 255;
    }
    if (bits < 0x00800000) {
      return (byte) (bits <= 0x00400000 ? 0 : 1);
    }
    return (byte) ((bits >>> 23) + ((bits & 0x007fffff) != 0 ? 1 : 0));
  }
}
