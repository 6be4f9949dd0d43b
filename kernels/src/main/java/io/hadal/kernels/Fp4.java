package io.hadal.kernels;

/** E2M1: sign and {0, 0.5, 1, 1.5, 2, 3, 4, 6} (spec 0.1). */
public final class Fp4 {
  public static final float MAX = 6;

  private static final float[] VALUES = {
    0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6
  };

  private Fp4() {}

  /** Value of the low four bits. */
  public static float decode(int code) {
    return VALUES[code & 15];
  }

  /** All values by code. */
  public static float[] values() {
    return VALUES.clone();
  }

  /** Clamps to +-6 and rounds to nearest, ties to the even code; NaN gives the largest code. */
  public static int encode(float value) {
    int sign = Float.floatToRawIntBits(value) >>> 28 & 8;
    float m = Math.abs(value);
    int code;
    if (m <= 1.25f) {
      code = m <= 0.25f ? 0 : m < 0.75f ? 1 : 2;
    } else if (m <= 2.5f) {
      code = m < 1.75f ? 3 : 4;
    } else {
      code = m < 3.5f ? 5 : m <= 5 ? 6 : 7;
    }
    return sign | code;
  }
}
