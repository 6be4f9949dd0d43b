package io.hadal.kernels.scalar;

/** The canonical reduction: sixteen lanes, folded upper half onto lower half. */
public final class Lanes {
  /** Logical lanes, whatever the vector width. */
  public static final int COUNT = 16;

  private Lanes() {}

  /** Sum of sixteen lanes. */
  public static float fold(float[] lanes, int at) {
    float l0 = lanes[at] + lanes[at + 8];
    float l1 = lanes[at + 1] + lanes[at + 9];
    float l2 = lanes[at + 2] + lanes[at + 10];
    float l3 = lanes[at + 3] + lanes[at + 11];
    float l4 = lanes[at + 4] + lanes[at + 12];
    float l5 = lanes[at + 5] + lanes[at + 13];
    float l6 = lanes[at + 6] + lanes[at + 14];
    float l7 = lanes[at + 7] + lanes[at + 15];
    l0 += l4;
    l1 += l5;
    l2 += l6;
    l3 += l7;
    return (l0 + l2) + (l1 + l3);
  }

  /** Adds the products that follow the last whole group of sixteen: lane i takes element i. */
  public static void tail(
      float[] a, int aAt, float[] b, int bAt, int count, float[] lanes, int at) {
    for (int i = 0; i < count; i++) {
      lanes[at + i] = Math.fma(a[aAt + i], b[bAt + i], lanes[at + i]);
    }
  }

  /** The canonical dot product; {@code lanes} is scratch of sixteen. */
  public static float dot(float[] a, int aAt, float[] b, int bAt, int n, float[] lanes) {
    float l0 = 0;
    float l1 = 0;
    float l2 = 0;
    float l3 = 0;
    float l4 = 0;
    float l5 = 0;
    float l6 = 0;
    float l7 = 0;
    float l8 = 0;
    float l9 = 0;
    float l10 = 0;
    float l11 = 0;
    float l12 = 0;
    float l13 = 0;
    float l14 = 0;
    float l15 = 0;
    int whole = n & -COUNT;
    for (int k = 0; k < whole; k += COUNT) {
      int i = aAt + k;
      int j = bAt + k;
      l0 = Math.fma(a[i], b[j], l0);
      l1 = Math.fma(a[i + 1], b[j + 1], l1);
      l2 = Math.fma(a[i + 2], b[j + 2], l2);
      l3 = Math.fma(a[i + 3], b[j + 3], l3);
      l4 = Math.fma(a[i + 4], b[j + 4], l4);
      l5 = Math.fma(a[i + 5], b[j + 5], l5);
      l6 = Math.fma(a[i + 6], b[j + 6], l6);
      l7 = Math.fma(a[i + 7], b[j + 7], l7);
      l8 = Math.fma(a[i + 8], b[j + 8], l8);
      l9 = Math.fma(a[i + 9], b[j + 9], l9);
      l10 = Math.fma(a[i + 10], b[j + 10], l10);
      l11 = Math.fma(a[i + 11], b[j + 11], l11);
      l12 = Math.fma(a[i + 12], b[j + 12], l12);
      l13 = Math.fma(a[i + 13], b[j + 13], l13);
      l14 = Math.fma(a[i + 14], b[j + 14], l14);
      l15 = Math.fma(a[i + 15], b[j + 15], l15);
    }
    lanes[0] = l0;
    lanes[1] = l1;
    lanes[2] = l2;
    lanes[3] = l3;
    lanes[4] = l4;
    lanes[5] = l5;
    lanes[6] = l6;
    lanes[7] = l7;
    lanes[8] = l8;
    lanes[9] = l9;
    lanes[10] = l10;
    lanes[11] = l11;
    lanes[12] = l12;
    lanes[13] = l13;
    lanes[14] = l14;
    lanes[15] = l15;
    tail(a, aAt + whole, b, bAt + whole, n - whole, lanes, 0);
    return fold(lanes, 0);
  }
}
