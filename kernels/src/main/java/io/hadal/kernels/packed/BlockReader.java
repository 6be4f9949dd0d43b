package io.hadal.kernels.packed;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.scalar.KScales;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/** Reads 32 columns of a stored row as integers. */
final class BlockReader {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private BlockReader() {}

  /** Fills {@code out} with columns {@code 32 block .. 32 block + 31} of a row. */
  static void read(Matrix w, int row, int block, BlockCodes out) {
    MemorySegment data = w.data();
    int elements = w.type().blockElements();
    int cols = 32 * block;
    long at = w.rowBytes() * row + (long) (cols / elements) * w.type().blockBytes();
    int b = cols % elements / 32;
    out.ones();
    switch (w.type()) {
      case MXFP4 -> mxfp4(data, at, out);
      case FP4_E2M1 -> fp4(w, row, block, out);
      case Q8_0 -> q80(data, at, out);
      case Q4_0 -> nibbles(data, at, 2, 0, 8, out);
      case Q4_1 -> nibbles(data, at, 4, 2, 0, out);
      case Q5_0 -> fifths(data, at, 2, 0, 16, out);
      case Q5_1 -> fifths(data, at, 4, 2, 0, out);
      case IQ4_NL -> {
        nibbles(data, at, 2, 0, 0, out);
        levels(out);
      }
      case Q4_K -> q4k(data, at, b, out);
      case Q5_K -> q5k(data, at, b, out);
      case Q6_K -> q6k(data, at, b, out);
      case Q3_K -> q3k(data, at, b, out);
      case Q2_K -> q2k(data, at, b, out);
      case IQ4_XS -> iq4xs(data, at, b, out);
      case IQ2_XXS -> iq2xxs(data, at, b, out);
      case IQ2_XS -> iq2xs(data, at, b, out);
      case IQ3_XXS -> iq3xxs(data, at, b, out);
      default -> throw new IllegalArgumentException(w.type() + " has no integer form");
    }
  }

  private static int u8(MemorySegment data, long at) {
    return data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
  }

  /** Scales below 2^-126 are taken as 0. */
  static float halfScale(int code) {
    return Float.intBitsToFloat(Math.max(code - 1, 0) << 23);
  }

  private static void e2m1(BlockCodes out, int scale) {
    out.d = halfScale(scale);
    for (int k = 0; k < 32; k++) {
      out.value[k] = (int) Grids.DOUBLED_E2M1[out.code[k]];
    }
  }

  private static void mxfp4(MemorySegment data, long at, BlockCodes out) {
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + 1 + j);
      out.code[j] = q & 15;
      out.code[16 + j] = q >> 4;
    }
    e2m1(out, u8(data, at));
  }

  private static void fp4(Matrix w, int row, int block, BlockCodes out) {
    long at = w.rowBytes() * row + 16L * block;
    for (int j = 0; j < 16; j++) {
      int q = u8(w.data(), at + j);
      out.code[2 * j] = q & 15;
      out.code[2 * j + 1] = q >> 4;
    }
    BlockScales scales = Objects.requireNonNull(w.scales());
    long tile =
        (long) ((row + w.scaleRowOffset()) / scales.tileRows()) * scales.tilesPerRow()
            + 32L * block / scales.tileCols();
    e2m1(out, u8(scales.data(), tile));
  }

  private static void q80(MemorySegment data, long at, BlockCodes out) {
    out.d(data.get(SHORT, at));
    for (int k = 0; k < 32; k++) {
      out.code[k] = u8(data, at + 2 + k);
      out.value[k] = (byte) out.code[k];
    }
  }

  private static void nibbles(
      MemorySegment data, long at, int codes, int min, int less, BlockCodes out) {
    scales(data, at, min, out);
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + codes + j);
      out.code[j] = q & 15;
      out.code[16 + j] = q >> 4;
    }
    less(out, less);
  }

  private static void fifths(
      MemorySegment data, long at, int codes, int min, int less, BlockCodes out) {
    scales(data, at, min, out);
    int high = data.get(INT, at + codes);
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + codes + 4 + j);
      out.code[j] = (q & 15) | (high >>> j & 1) << 4;
      out.code[16 + j] = (q >> 4) | (high >>> (j + 16) & 1) << 4;
    }
    less(out, less);
  }

  /** Minimum m of types that add it: dmin is its negative. */
  private static void scales(MemorySegment data, long at, int min, BlockCodes out) {
    out.d(data.get(SHORT, at));
    if (min > 0) {
      out.dmin((short) (data.get(SHORT, at + min) ^ 0x8000));
      out.min[0] = 1;
      out.min[1] = 1;
    }
  }

  private static void less(BlockCodes out, int less) {
    for (int k = 0; k < 32; k++) {
      out.value[k] = out.code[k] - less;
    }
  }

  private static void levels(BlockCodes out) {
    for (int k = 0; k < 32; k++) {
      out.value[k] = (int) Grids.IQ4[out.code[k]];
    }
  }

  private static void kScales(MemorySegment data, long at, int b, BlockCodes out) {
    out.d(data.get(SHORT, at));
    out.dmin(data.get(SHORT, at + 2));
    int s0 = data.get(INT, at + 4);
    int s1 = data.get(INT, at + 8);
    int s2 = data.get(INT, at + 12);
    out.both((int) (KScales.scales(s0, s2) >>> 8 * b) & 63);
    int min = (int) (KScales.mins(s1, s2) >>> 8 * b) & 63;
    out.min[0] = min;
    out.min[1] = min;
  }

  private static void q4k(MemorySegment data, long at, int b, BlockCodes out) {
    kScales(data, at, b, out);
    for (int k = 0; k < 32; k++) {
      out.code[k] = u8(data, at + 16 + 32L * (b >> 1) + k) >> 4 * (b & 1) & 15;
    }
    less(out, 0);
  }

  private static void q5k(MemorySegment data, long at, int b, BlockCodes out) {
    kScales(data, at, b, out);
    for (int k = 0; k < 32; k++) {
      int low = u8(data, at + 48 + 32L * (b >> 1) + k) >> 4 * (b & 1) & 15;
      out.code[k] = low | (u8(data, at + 16 + k) >> b & 1) << 4;
    }
    less(out, 0);
  }

  private static void q6k(MemorySegment data, long at, int b, BlockCodes out) {
    out.d(data.get(SHORT, at + 208));
    out.scale[0] = data.get(ValueLayout.JAVA_BYTE, at + 192 + 2 * b);
    out.scale[1] = data.get(ValueLayout.JAVA_BYTE, at + 193 + 2 * b);
    int j = b & 3;
    long low = at + (b >> 2) * 64 + (j & 1) * 32;
    long high = at + 128 + (b >> 2) * 32;
    for (int k = 0; k < 32; k++) {
      out.code[k] =
          (u8(data, low + k) >> (j >> 1) * 4 & 15) | (u8(data, high + k) >> 2 * j & 3) << 4;
    }
    less(out, 32);
  }

  private static void q3k(MemorySegment data, long at, int b, BlockCodes out) {
    out.d(data.get(SHORT, at + 108));
    for (int h = 0; h < 2; h++) {
      int g = 2 * b + h;
      int low = u8(data, at + 96 + (g & 7)) >> (g >> 3) * 4 & 15;
      int high = u8(data, at + 104 + (g & 3)) >> (g >> 2) * 2 & 3;
      out.scale[h] = (low | high << 4) - 32;
    }
    for (int k = 0; k < 32; k++) {
      int third = u8(data, at + k) >> b & 1;
      out.code[k] = (u8(data, at + 32 + (b >> 2) * 32 + k) >> 2 * (b & 3) & 3) | third << 2;
    }
    less(out, 4);
  }

  private static void q2k(MemorySegment data, long at, int b, BlockCodes out) {
    out.d(data.get(SHORT, at + 80));
    out.dmin(data.get(SHORT, at + 82));
    for (int h = 0; h < 2; h++) {
      int s = u8(data, at + 2 * b + h);
      out.scale[h] = s & 15;
      out.min[h] = s >> 4;
    }
    for (int k = 0; k < 32; k++) {
      out.code[k] = u8(data, at + 16 + (b >> 2) * 32 + k) >> 2 * (b & 3) & 3;
    }
    less(out, 0);
  }

  private static void iq4xs(MemorySegment data, long at, int b, BlockCodes out) {
    out.d(data.get(SHORT, at));
    int low = u8(data, at + 4 + (b >> 1)) >> (b & 1) * 4 & 15;
    int high = data.get(SHORT, at + 2) >> 2 * b & 3;
    out.both((low | high << 4) - 32);
    for (int j = 0; j < 16; j++) {
      int q = u8(data, at + 8 + 16 * b + j);
      out.code[j] = q & 15;
      out.code[16 + j] = q >> 4;
    }
    levels(out);
  }

  /** Values of {@code width} columns from a grid entry and sign bits. */
  private static void entry(BlockCodes out, int k, float[] grid, int at, int width, int signs) {
    for (int i = 0; i < width; i++) {
      int v = (int) grid[at + i];
      out.value[k + i] = (signs >> i & 1) != 0 ? -v : v;
    }
  }

  private static void iq2xxs(MemorySegment data, long at, int b, BlockCodes out) {
    eighths(data, at, out, 0.125f);
    int word = data.get(INT, at + 6 + 8 * b);
    out.both((word >>> 28) * 2 + 1);
    for (int g = 0; g < 4; g++) {
      out.code[g] = u8(data, at + 2 + 8 * b + g);
      out.code[16 + g] = Grids.signs(word >>> 7 * g & 127);
      entry(out, 8 * g, Grids.IQ2_XXS, 8 * out.code[g], 8, out.code[16 + g]);
    }
  }

  private static void iq2xs(MemorySegment data, long at, int b, BlockCodes out) {
    eighths(data, at, out, 0.125f);
    int s = u8(data, at + 66 + b);
    out.scale[0] = (s & 15) * 2 + 1;
    out.scale[1] = (s >> 4) * 2 + 1;
    for (int g = 0; g < 4; g++) {
      int word = data.get(SHORT, at + 2 + 8 * b + 2 * g) & 0xffff;
      out.code[g] = word & 511;
      out.code[16 + g] = Grids.signs(word >> 9);
      entry(out, 8 * g, Grids.IQ2_XS, 8 * out.code[g], 8, out.code[16 + g]);
    }
  }

  private static void iq3xxs(MemorySegment data, long at, int b, BlockCodes out) {
    eighths(data, at, out, 0.25f);
    int word = data.get(INT, at + 66 + 4 * b);
    out.both((word >>> 28) * 2 + 1);
    for (int g = 0; g < 4; g++) {
      out.code[16 + g] = Grids.signs(word >>> 7 * g & 127);
    }
    for (int e = 0; e < 8; e++) {
      out.code[e] = u8(data, at + 2 + 8 * b + e);
      int signs = out.code[16 + (e >> 1)] >> 4 * (e & 1);
      entry(out, 4 * e, Grids.IQ3_XXS, 4 * out.code[e], 4, signs);
    }
  }

  /** The stored scale times a power of two: exact, as f16 has a narrow range. */
  private static void eighths(MemorySegment data, long at, BlockCodes out, float part) {
    out.d(data.get(SHORT, at));
    out.d *= part;
  }
}
