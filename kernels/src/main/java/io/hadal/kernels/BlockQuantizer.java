package io.hadal.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Block-scaled rounding of activations and cached rows (spec 0.3; V4.1 spec section 6). A block is
 * {@code block} consecutive values, the last one may be short. A block that holds NaN or infinity
 * becomes NaN where its scale has one.
 */
public final class BlockQuantizer {
  private static final float FP8_FLOOR = 1e-4f;
  private static final float FP4_FLOOR = 6 * 0x1p-126f;
  private static final float FP4_E4M3_FLOOR = 6 * 0x1p-9f;

  private BlockQuantizer() {}

  /** E4M3 and back, with the power of two {@code >= max(amax, 1e-4) / 448} as scale. */
  public static void roundFp8(float[] x, int offset, int n, int block) {
    for (int from = 0; from < n; from += block) {
      int count = Math.min(block, n - from);
      byte code = fp8Scale(x, offset + from, count);
      float scale = E8M0.decode(code);
      float inverse = inverse(code);
      for (int i = offset + from; i < offset + from + count; i++) {
        x[i] = Fp8.decode(Fp8.encode(x[i] * inverse)) * scale;
      }
    }
  }

  /** E2M1 and back, with the power of two {@code >= max(amax, 6 * 2^-126) / 6} as scale. */
  public static void roundFp4(float[] x, int offset, int n, int block) {
    for (int from = 0; from < n; from += block) {
      int count = Math.min(block, n - from);
      byte code = fp4Scale(x, offset + from, count);
      float scale = E8M0.decode(code);
      float inverse = inverse(code);
      for (int i = offset + from; i < offset + from + count; i++) {
        x[i] = Fp4.decode(Fp4.encode(x[i] * inverse)) * scale;
      }
    }
  }

  /** E2M1 and back, with the E4M3 value nearest {@code max(amax, 6 * 2^-9) / 6} as scale. */
  public static void roundFp4E4M3(float[] x, int offset, int n, int block) {
    for (int from = 0; from < n; from += block) {
      int count = Math.min(block, n - from);
      float scale = Fp8.decode(fp4E4M3Scale(x, offset + from, count));
      for (int i = offset + from; i < offset + from + count; i++) {
        x[i] = Fp4.decode(Fp4.encode(x[i] / scale)) * scale;
      }
    }
  }

  /** Writes one E4M3 byte a value and one E8M0 byte a block. */
  public static void packFp8(
      float[] x,
      int offset,
      int n,
      int block,
      MemorySegment codes,
      long codesOffset,
      MemorySegment scales,
      long scalesOffset) {
    long tile = scalesOffset;
    for (int from = 0; from < n; from += block) {
      int count = Math.min(block, n - from);
      byte code = fp8Scale(x, offset + from, count);
      float inverse = inverse(code);
      scales.set(ValueLayout.JAVA_BYTE, tile++, code);
      for (int i = from; i < from + count; i++) {
        codes.set(ValueLayout.JAVA_BYTE, codesOffset + i, Fp8.encode(x[offset + i] * inverse));
      }
    }
  }

  /** Reads what {@link #packFp8} wrote. */
  public static void unpackFp8(
      MemorySegment codes,
      long codesOffset,
      MemorySegment scales,
      long scalesOffset,
      int n,
      int block,
      float[] out,
      int outOffset) {
    long tile = scalesOffset;
    for (int from = 0; from < n; from += block) {
      float scale = E8M0.decode(scales.get(ValueLayout.JAVA_BYTE, tile++));
      for (int i = from; i < Math.min(from + block, n); i++) {
        byte code = codes.get(ValueLayout.JAVA_BYTE, codesOffset + i);
        out[outOffset + i] = Fp8.decode(code) * scale;
      }
    }
  }

  /**
   * Writes two E2M1 codes a byte, low nibble first, and one E8M0 byte a block; {@code block} is
   * even. An odd n leaves the last high nibble 0.
   */
  public static void packFp4(
      float[] x,
      int offset,
      int n,
      int block,
      MemorySegment codes,
      long codesOffset,
      MemorySegment scales,
      long scalesOffset) {
    long tile = scalesOffset;
    for (int from = 0; from < n; from += block) {
      int count = Math.min(block, n - from);
      byte code = fp4Scale(x, offset + from, count);
      scales.set(ValueLayout.JAVA_BYTE, tile++, code);
      float inverse = inverse(code);
      for (int i = from; i < from + count; i += 2) {
        int pair = Fp4.encode(x[offset + i] * inverse);
        if (i + 1 < n) {
          pair |= Fp4.encode(x[offset + i + 1] * inverse) << 4;
        }
        codes.set(ValueLayout.JAVA_BYTE, codesOffset + (i >> 1), (byte) pair);
      }
    }
  }

  /** Reads what {@link #packFp4} wrote. */
  public static void unpackFp4(
      MemorySegment codes,
      long codesOffset,
      MemorySegment scales,
      long scalesOffset,
      int n,
      int block,
      float[] out,
      int outOffset) {
    long tile = scalesOffset;
    for (int from = 0; from < n; from += block) {
      float scale = E8M0.decode(scales.get(ValueLayout.JAVA_BYTE, tile++));
      unpackNibbles(codes, codesOffset, from, Math.min(from + block, n), scale, out, outOffset);
    }
  }

  /** As {@link #packFp4} with E4M3 scales. */
  public static void packFp4E4M3(
      float[] x,
      int offset,
      int n,
      int block,
      MemorySegment codes,
      long codesOffset,
      MemorySegment scales,
      long scalesOffset) {
    long tile = scalesOffset;
    for (int from = 0; from < n; from += block) {
      int count = Math.min(block, n - from);
      byte code = fp4E4M3Scale(x, offset + from, count);
      scales.set(ValueLayout.JAVA_BYTE, tile++, code);
      float scale = Fp8.decode(code);
      for (int i = from; i < from + count; i += 2) {
        int pair = Fp4.encode(x[offset + i] / scale);
        if (i + 1 < n) {
          pair |= Fp4.encode(x[offset + i + 1] / scale) << 4;
        }
        codes.set(ValueLayout.JAVA_BYTE, codesOffset + (i >> 1), (byte) pair);
      }
    }
  }

  /** Reads what {@link #packFp4E4M3} wrote. */
  public static void unpackFp4E4M3(
      MemorySegment codes,
      long codesOffset,
      MemorySegment scales,
      long scalesOffset,
      int n,
      int block,
      float[] out,
      int outOffset) {
    long tile = scalesOffset;
    for (int from = 0; from < n; from += block) {
      float scale = Fp8.decode(scales.get(ValueLayout.JAVA_BYTE, tile++));
      unpackNibbles(codes, codesOffset, from, Math.min(from + block, n), scale, out, outOffset);
    }
  }

  private static void unpackNibbles(
      MemorySegment codes,
      long codesOffset,
      int from,
      int to,
      float scale,
      float[] out,
      int outOffset) {
    for (int i = from; i < to; i++) {
      int pair = codes.get(ValueLayout.JAVA_BYTE, codesOffset + (i >> 1));
      out[outOffset + i] = Fp4.decode(pair >> (i & 1) * 4) * scale;
    }
  }

  private static byte fp8Scale(float[] x, int offset, int n) {
    return fp8Scale(largest(x, offset, n));
  }

  private static byte fp4Scale(float[] x, int offset, int n) {
    return fp4Scale(largest(x, offset, n));
  }

  private static byte fp4E4M3Scale(float[] x, int offset, int n) {
    return fp4E4M3Scale(largest(x, offset, n));
  }

  /** E8M0 code of an E4M3 block's scale, by its largest magnitude. */
  public static byte fp8Scale(float largest) {
    return E8M0.encodeCeil(Math.max(FP8_FLOOR, largest) * (1 / Fp8.MAX));
  }

  /** E8M0 code of an E2M1 block's scale, by its largest magnitude. */
  public static byte fp4Scale(float largest) {
    return E8M0.encodeCeil(Math.max(FP4_FLOOR, largest) * (1 / Fp4.MAX));
  }

  /** E4M3 code of an E2M1 block's scale, by its largest magnitude. */
  public static byte fp4E4M3Scale(float largest) {
    return Fp8.encode(Math.max(FP4_E4M3_FLOOR, largest) / Fp4.MAX);
  }

  private static float largest(float[] x, int offset, int n) {
    float largest = 0;
    for (int i = offset; i < offset + n; i++) {
      largest = Math.max(largest, Math.abs(x[i]));
    }
    return largest;
  }

  /**
   * What a block's values are multiplied by before they are rounded. The scales that the floors
   * allow lie in 2^-126 .. 2^126, so their inverses are exact.
   */
  public static float inverse(byte code) {
    int b = code & 0xff;
    return b == 255 ? Float.NaN : Float.intBitsToFloat(254 - b << 23);
  }
}
