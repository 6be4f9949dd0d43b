package io.hadal.kernels.packed;

/**
 * Thirty-two stored weights as integers: {@code w[k] = d * scale[k / 16] * value[k] - dmin * min[k
 * / 16]}. {@code |scale * value| * 127 * 32} stays below 2^24 for every type, so sums of products
 * with 8-bit activations are exact in f32 as well as in int32.
 */
final class BlockCodes {
  final int[] code = new int[32];

  final int[] value = new int[32];
  final int[] scale = new int[2];
  final int[] min = new int[2];

  float d;
  float dmin;

  /** Whether the type has minima. */
  boolean hasMin;

  void ones() {
    scale[0] = 1;
    scale[1] = 1;
    min[0] = 0;
    min[1] = 0;
    dmin = 0;
    hasMin = false;
  }

  void both(int s) {
    scale[0] = s;
    scale[1] = s;
  }

  void d(short bits) {
    d = half(bits);
  }

  void dmin(short bits) {
    hasMin = true;
    dmin = half(bits);
  }

  /**
   * f16 as all kernels take it: exact for finite values; what has no finite value goes on above
   * 65504.
   */
  static float half(short bits) {
    float magnitude = Float.intBitsToFloat((bits & 0x7fff) << 13) * 0x1p112f;
    return Float.intBitsToFloat(Float.floatToRawIntBits(magnitude) | (bits & 0x8000) << 16);
  }
}
