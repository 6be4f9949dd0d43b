package io.hadal.kernels.scalar;

/**
 * The exponential of all kernels: {@code x = k ln 2 + r} with ln 2 in two parts, a polynomial in r
 * and a scale by {@code 2^k} in two steps, so that results below the normal range round once.
 * Vector code evaluates the same operations in the same order.
 */
public final class Exponential {
  public static final float LOG2_E = 0x1.715476p0f;

  /** Adding 1.5 * 2^23 rounds to an integer, which then is the low bits. */
  public static final float ROUND = 0x1.8p23f;

  public static final int ROUND_BITS = 0x4b400000;
  public static final float LN2_HIGH = 0x1.62e4p-1f;
  public static final float LN2_LOW = 0x1.7f7d1cp-20f;
  public static final float C2 = 0x1.fffffcp-2f;
  public static final float C3 = 0x1.55548ap-3f;
  public static final float C4 = 0x1.555916p-5f;
  public static final float C5 = 0x1.123fc6p-7f;
  public static final float C6 = 0x1.6a1a72p-10f;

  /** Below, the result is 0. */
  public static final float LOWEST = -103;

  /** Above, the result is infinite. */
  public static final float HIGHEST = 89;

  private Exponential() {}

  public static float exp(float x) {
    float t = Math.fma(x, LOG2_E, ROUND);
    float k = t - ROUND;
    float r = Math.fma(k, -LN2_HIGH, x);
    r = Math.fma(k, -LN2_LOW, r);
    float q = Math.fma(C6, r, C5);
    q = Math.fma(q, r, C4);
    q = Math.fma(q, r, C3);
    q = Math.fma(q, r, C2);
    float p = Math.fma(q, r * r, r) + 1;
    int exponent = Float.floatToRawIntBits(t) - ROUND_BITS;
    int half = exponent >> 1;
    float e =
        p
            * Float.intBitsToFloat(half + 127 << 23)
            * Float.intBitsToFloat(exponent - half + 127 << 23);
    if (x < LOWEST) {
      e = 0;
    }
    return x > HIGHEST ? Float.POSITIVE_INFINITY : e;
  }
}
