package io.hadal.kernels;

/** E4M3 without infinities: bias 7, largest 448, 0x7F and 0xFF are NaN (spec 0.1). */
public final class Fp8 {
  public static final float MAX = 448;

  private static final float[] VALUES = new float[256];

  static {
    for (int code = 0; code < 256; code++) {
      int exponent = code >> 3 & 15;
      int mantissa = code & 7;
      float magnitude =
          exponent == 0 ? mantissa * 0x1p-9f : Math.scalb(1 + mantissa * 0.125f, exponent - 7);
      if ((code & 0x7f) == 0x7f) {
        magnitude = Float.NaN;
      }
      VALUES[code] = code < 128 ? magnitude : -magnitude;
    }
  }

  private Fp8() {}

  public static float decode(byte code) {
    return VALUES[code & 0xff];
  }

  /** Clamps to +-448 and rounds to nearest even; NaN gives 0x7F with the sign. */
  public static byte encode(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 24 & 0x80;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      return (byte) (sign | 0x7f);
    }
    if (magnitude >= 0x43e00000) {
      return (byte) (sign | 0x7e);
    }
    if (magnitude < 0x3c800000) {
      // Below 2^-6 the step is 2^-9: adding 2^14 rounds to it and leaves the count in the low bits.
      float shifted = Float.intBitsToFloat(magnitude) + 0x1p14f;
      return (byte) (sign | (Float.floatToRawIntBits(shifted) - 0x46800000));
    }
    int rounded = magnitude + 0x7ffff + (magnitude >>> 20 & 1);
    return (byte) (sign | ((rounded >>> 20) - (120 << 3)));
  }
}
