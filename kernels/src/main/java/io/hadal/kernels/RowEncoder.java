package io.hadal.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Stores rows of numbers in the layouts that Hadal writes; the inverse of {@link Kernels}. */
public final class RowEncoder {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int BLOCK = 32;
  private static final float Q8_MAX = 127;

  private RowEncoder() {}

  /** Whether {@link #encode} knows a type. */
  public static boolean supports(StorageType type) {
    return switch (type) {
      case F32, F16, BF16, Q8_0, Q4_K, MXFP4 -> true;
      default -> false;
    };
  }

  /**
   * Stores a row, rounding to the nearest value of the type; Q4_K looks for scales with a small
   * squared error. Values must be finite.
   *
   * @param x values, {@code count} from {@code offset}
   * @param out receives {@code type.bytes(count)} bytes from {@code outOffset}
   * @throws IllegalArgumentException for an unsupported type or a count that fills no whole blocks
   */
  public static void encode(
      StorageType type, float[] x, int offset, int count, MemorySegment out, long outOffset) {
    type.bytes(count);
    switch (type) {
      case F32 -> MemorySegment.copy(x, offset, out, FLOAT, outOffset, count);
      case F16 -> {
        for (int i = 0; i < count; i++) {
          out.set(SHORT, outOffset + 2L * i, Float.floatToFloat16(x[offset + i]));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          out.set(SHORT, outOffset + 2L * i, Bf16.encode(x[offset + i]));
        }
      }
      case Q8_0 -> {
        for (int b = 0; b < count / BLOCK; b++) {
          q8Block(x, offset + b * BLOCK, out, outOffset + (long) b * type.blockBytes());
        }
      }
      case Q4_K -> {
        Q4KEncoder encoder = new Q4KEncoder();
        int block = type.blockElements();
        for (int b = 0; b < count / block; b++) {
          encoder.block(x, offset + b * block, out, outOffset + (long) b * type.blockBytes());
        }
      }
      case MXFP4 -> {
        for (int b = 0; b < count / BLOCK; b++) {
          mxfp4Block(x, offset + b * BLOCK, out, outOffset + (long) b * type.blockBytes());
        }
      }
      default -> throw new IllegalArgumentException("rows cannot be stored as " + type);
    }
  }

  private static void q8Block(float[] x, int at, MemorySegment out, long to) {
    short scale = Float.floatToFloat16(largest(x, at) / Q8_MAX);
    float d = Float.float16ToFloat(scale);
    out.set(SHORT, to, scale);
    for (int i = 0; i < BLOCK; i++) {
      float q = d == 0 ? 0 : Math.clamp(x[at + i] / d, -Q8_MAX, Q8_MAX);
      out.set(ValueLayout.JAVA_BYTE, to + 2 + i, (byte) Math.rint(q));
    }
  }

  private static void mxfp4Block(float[] x, int at, MemorySegment out, long to) {
    byte scale = E8M0.encodeCeil(largest(x, at) / Fp4.MAX);
    float d = E8M0.decode(scale);
    out.set(ValueLayout.JAVA_BYTE, to, scale);
    for (int i = 0; i < BLOCK / 2; i++) {
      int low = Fp4.encode(x[at + i] / d);
      int high = Fp4.encode(x[at + BLOCK / 2 + i] / d);
      out.set(ValueLayout.JAVA_BYTE, to + 1 + i, (byte) (low | high << 4));
    }
  }

  private static float largest(float[] x, int at) {
    float max = 0;
    for (int i = 0; i < BLOCK; i++) {
      max = Math.max(max, Math.abs(x[at + i]));
    }
    return max;
  }
}
