package io.hadal.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Finds scales, minima and codes of Q4_K blocks with a small squared error.
 *
 * <p>A value is {@code d * sc * q - dmin * mn} with codes q of 0 to 15, six-bit sc and mn for each
 * 32 values, and d and dmin for all 256. Each 32 values are first fitted alone: from several
 * spacings of the codes by least squares. Then the six-bit numbers are chosen among the neighbours
 * of the rounded ones, with the codes they would give. One thread, no chance: equal values give
 * equal bytes.
 */
final class Q4KEncoder {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int SUB = 32;
  private static final int SUBS = 8;
  private static final int CODES = 15;
  private static final int SIX_BITS = 63;

  /** Spacings tried: so many above and below the one that spans the values. */
  private static final int SPREAD = 10;

  private final float[] scales = new float[SUBS];
  private final float[] minima = new float[SUBS];
  private final int[] scaleCodes = new int[SUBS];
  private final int[] minimumCodes = new int[SUBS];
  private final byte[] codes = new byte[SUBS * SUB];

  /** Writes the 144 bytes of the 256 values from {@code at}. */
  void block(float[] x, int at, MemorySegment out, long to) {
    float largestScale = 0;
    float largestMinimum = 0;
    for (int s = 0; s < SUBS; s++) {
      fit(x, at + s * SUB, s);
      largestScale = Math.max(largestScale, scales[s]);
      largestMinimum = Math.max(largestMinimum, minima[s]);
    }
    short d = Float.floatToFloat16(largestScale / SIX_BITS);
    short dmin = Float.floatToFloat16(largestMinimum / SIX_BITS);
    for (int s = 0; s < SUBS; s++) {
      choose(x, at + s * SUB, s, Float.float16ToFloat(d), Float.float16ToFloat(dmin));
    }
    out.set(SHORT, to, d);
    out.set(SHORT, to + 2, dmin);
    for (int j = 0; j < 4; j++) {
      int sc = scaleCodes[j] | scaleCodes[j + 4] >> 4 << 6;
      int mn = minimumCodes[j] | minimumCodes[j + 4] >> 4 << 6;
      int low = scaleCodes[j + 4] & 15 | (minimumCodes[j + 4] & 15) << 4;
      out.set(ValueLayout.JAVA_BYTE, to + 4 + j, (byte) sc);
      out.set(ValueLayout.JAVA_BYTE, to + 8 + j, (byte) mn);
      out.set(ValueLayout.JAVA_BYTE, to + 12 + j, (byte) low);
    }
    for (int c = 0; c < 4; c++) {
      for (int i = 0; i < SUB; i++) {
        int q = codes[2 * SUB * c + i] | codes[2 * SUB * c + SUB + i] << 4;
        out.set(ValueLayout.JAVA_BYTE, to + 16 + SUB * c + i, (byte) q);
      }
    }
  }

  /** Scale and minimum, 0 or more, that fit 32 values best. */
  private void fit(float[] x, int at, int s) {
    float low = 0;
    float high = 0;
    for (int i = at; i < at + SUB; i++) {
      low = Math.min(low, x[i]);
      high = Math.max(high, x[i]);
    }
    scales[s] = (high - low) / CODES;
    minima[s] = -low;
    if (scales[s] == 0) {
      return;
    }
    double best = error(x, at, scales[s], minima[s]);
    for (int step = -SPREAD; step <= SPREAD; step++) {
      float spacing = (high - low) / (CODES + 0.1f * step);
      double sumQ = 0;
      double sumQq = 0;
      double sumX = 0;
      double sumQx = 0;
      for (int i = at; i < at + SUB; i++) {
        int q = code(x[i], spacing, -low);
        sumQ += q;
        sumQq += q * q;
        sumX += x[i];
        sumQx += q * x[i];
      }
      // Least squares of x = scale q - minimum for these codes; a minimum below 0 cannot be stored.
      double determinant = SUB * sumQq - sumQ * sumQ;
      if (determinant <= 0) {
        continue;
      }
      double scale = (SUB * sumQx - sumQ * sumX) / determinant;
      double minimum = (scale * sumQ - sumX) / SUB;
      if (minimum < 0) {
        minimum = 0;
        scale = sumQx / sumQq;
      }
      double error = error(x, at, (float) scale, (float) minimum);
      if (scale > 0 && error < best) {
        best = error;
        scales[s] = (float) scale;
        minima[s] = (float) minimum;
      }
    }
  }

  private static int code(float x, float scale, float minimum) {
    return scale == 0 ? 0 : (int) Math.clamp(Math.rint((x + minimum) / scale), 0, CODES);
  }

  private static double error(float[] x, int at, float scale, float minimum) {
    double sum = 0;
    for (int i = at; i < at + SUB; i++) {
      float e = x[i] - (scale * code(x[i], scale, minimum) - minimum);
      sum += (double) e * e;
    }
    return sum;
  }

  /** The six-bit numbers of 32 values, and their codes. */
  private void choose(float[] x, int at, int s, float d, float dmin) {
    int scaleNear = d == 0 ? 0 : (int) Math.clamp(Math.rint(scales[s] / d), 0, SIX_BITS);
    int minimumNear = dmin == 0 ? 0 : (int) Math.clamp(Math.rint(minima[s] / dmin), 0, SIX_BITS);
    double best = Double.POSITIVE_INFINITY;
    for (int sc = Math.max(0, scaleNear - 1); sc <= Math.min(SIX_BITS, scaleNear + 1); sc++) {
      for (int mn = Math.max(0, minimumNear - 1); mn <= Math.min(SIX_BITS, minimumNear + 1); mn++) {
        double error = error(x, at, d * sc, dmin * mn);
        if (error < best) {
          best = error;
          scaleCodes[s] = sc;
          minimumCodes[s] = mn;
        }
      }
    }
    for (int i = 0; i < SUB; i++) {
      codes[s * SUB + i] = (byte) code(x[at + i], d * scaleCodes[s], dmin * minimumCodes[s]);
    }
  }
}
