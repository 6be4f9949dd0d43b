package io.hadal.kernels;

/** The upper half of an IEEE single (spec 0.1). */
public final class Bf16 {
  private Bf16() {}

  /** Rounds to nearest even; NaN stays a quiet NaN. */
  public static short encode(float value) {
    return (short) (roundBits(value) >>> 16);
  }

  public static float decode(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  public static float round(float value) {
    return Float.intBitsToFloat(roundBits(value));
  }

  private static int roundBits(float value) {
    int u = Float.floatToRawIntBits(value);
    if ((u & 0x7fffffff) > 0x7f800000) {
      return (u | 0x00400000) & 0xffff0000;
    }
    return (u + 0x7fff + (u >>> 16 & 1)) & 0xffff0000;
  }
}
