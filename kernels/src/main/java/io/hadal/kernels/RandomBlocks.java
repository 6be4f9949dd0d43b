package io.hadal.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Random blocks of any type that a weight matrix may have: random codes under scales that give the
 * values a wanted deviation. Nothing is quantised, so a block costs little more than its bytes. For
 * files that stand for real ones in measurements.
 */
public final class RandomBlocks {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final float UNIFORM = (float) Math.sqrt(3);
  private static final int SAMPLE_VALUES = 1 << 15;
  private static final long SAMPLE_SEED = 1;
  private static final int SUB_BLOCKS = 8;

  private final StorageType type;

  /** What the numbers are multiplied with to get the deviation; a block's scale is near it. */
  private final double unit;

  private RandomBlocks(StorageType type, double unit) {
    this.type = type;
    this.unit = unit;
  }

  /**
   * @param deviation root of the mean square of the values; a few percent off
   * @throws IllegalArgumentException for a type that no weight matrix has
   */
  public static RandomBlocks of(StorageType type, double deviation) {
    if (!type.isMatrixWeight()) {
      throw new IllegalArgumentException("matrices are not stored as " + type);
    }
    if (!(deviation > 0)) {
      throw new IllegalArgumentException("a deviation is above 0, not " + deviation);
    }
    return new RandomBlocks(type, deviation / new RandomBlocks(type, 1).measured());
  }

  /**
   * The next blocks.
   *
   * @param out filled from begin to end; whole blocks
   */
  public void fill(SplittableRandom random, byte[] out) {
    random.nextBytes(out);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment m = outside(arena, out);
      for (int at = 0; at < out.length; at += type.blockBytes()) {
        block(random, m, at);
      }
      MemorySegment.copy(m, ValueLayout.JAVA_BYTE, 0, out, 0, out.length);
    }
  }

  /**
   * A copy; where an array has been read in place, kernels are compiled for both kinds of memory.
   */
  private static MemorySegment outside(Arena arena, byte... bytes) {
    MemorySegment copy = arena.allocate(bytes.length, 64);
    MemorySegment.copy(bytes, 0, copy, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return copy;
  }

  /** A scale of separate tiles, for F8_E4M3 and FP4_E2M1: a power of two as in {@link E8M0}. */
  public byte tileScale(SplittableRandom random) {
    int exponent = Math.getExponent(unit);
    double square = Math.pow(unit / Math.scalb(1.0, exponent), 2);
    // Of the two powers beside the unit, so often the larger that the mean square is right.
    boolean larger = random.nextDouble() < (square - 1) / 3;
    return (byte) (127 + exponent + (larger ? 1 : 0));
  }

  private void block(SplittableRandom random, MemorySegment m, long at) {
    switch (type) {
      case F32 -> m.set(FLOAT, at, uniform(m.get(SHORT, at)));
      case F16 -> m.set(SHORT, at, Float.floatToFloat16(uniform(m.get(SHORT, at))));
      case BF16 -> m.set(SHORT, at, Bf16.encode(uniform(m.get(SHORT, at))));
      case F8_E4M3 ->
          m.set(
              ValueLayout.JAVA_BYTE,
              at,
              Fp8.encode((m.get(ValueLayout.JAVA_BYTE, at) + 0.5f) / 16));
      case MXFP4 -> m.set(ValueLayout.JAVA_BYTE, at, tileScale(random));
      case Q8_0 -> {
        scale(m, at, signed(random));
        // Quantisers do not write -128, and kernels may count on that.
        for (long i = at + 2; i < at + type.blockBytes(); i++) {
          if (m.get(ValueLayout.JAVA_BYTE, i) == Byte.MIN_VALUE) {
            m.set(ValueLayout.JAVA_BYTE, i, Byte.MAX_VALUE);
          }
        }
      }
      // Signs of scales are random where codes are not balanced around zero.
      case Q4_0, Q5_0, IQ4_NL, IQ4_XS, IQ2_XXS, IQ2_XS, IQ3_XXS -> scale(m, at, signed(random));
      case Q3_K -> scale(m, at + 108, signed(random));
      case Q4_1 -> offset(m, at, at + 2, -7.5, random);
      case Q5_1 -> offset(m, at, at + 2, -15.5, random);
      case Q2_K -> {
        for (int i = 0; i < 16; i++) {
          int s = 8 + random.nextInt(8);
          m.set(ValueLayout.JAVA_BYTE, at + i, (byte) (s | s << 4));
        }
        offset(m, at + 80, at + 82, 1.5, random);
      }
      case Q4_K -> {
        subBlockScales(m, at + 4, random);
        offset(m, at, at + 2, 7.5, random);
      }
      case Q5_K -> {
        subBlockScales(m, at + 4, random);
        offset(m, at, at + 2, 15.5, random);
      }
      case Q6_K -> {
        for (int i = 0; i < 16; i++) {
          int s = 8 + random.nextInt(16);
          m.set(ValueLayout.JAVA_BYTE, at + 192 + i, (byte) (random.nextBoolean() ? s : -s));
        }
        scale(m, at + 208, signed(random));
      }
      case FP4_E2M1 -> {}
      default -> throw new IllegalStateException(type.name());
    }
  }

  private float uniform(short bits) {
    return (float) (bits / 32768.0 * UNIFORM * unit);
  }

  private double positive(SplittableRandom random) {
    return unit * (0.75 + 0.5 * random.nextDouble());
  }

  private double signed(SplittableRandom random) {
    double scale = positive(random);
    return random.nextBoolean() ? scale : -scale;
  }

  private static void scale(MemorySegment m, long at, double value) {
    m.set(SHORT, at, Float.floatToFloat16((float) value));
  }

  /** A scale and the offset that centres its codes. */
  private void offset(
      MemorySegment m, long scaleAt, long offsetAt, double factor, SplittableRandom random) {
    double d = positive(random);
    scale(m, scaleAt, d);
    scale(m, offsetAt, factor * d);
  }

  /** Eight six-bit scales, each with a minimum of the same number, packed as in Q4_K. */
  private static void subBlockScales(MemorySegment m, long at, SplittableRandom random) {
    int[] s = new int[SUB_BLOCKS];
    Arrays.setAll(s, i -> 8 + random.nextInt(16));
    for (int j = 0; j < 4; j++) {
      int high = s[j + 4] >> 4 << 6;
      m.set(ValueLayout.JAVA_BYTE, at + j, (byte) (s[j] | high));
      m.set(ValueLayout.JAVA_BYTE, at + 4 + j, (byte) (s[j] | high));
      m.set(ValueLayout.JAVA_BYTE, at + 8 + j, (byte) (s[j + 4] & 15 | (s[j + 4] & 15) << 4));
    }
  }

  private double measured() {
    byte[] blocks = new byte[Math.toIntExact(type.bytes(SAMPLE_VALUES))];
    fill(new SplittableRandom(SAMPLE_SEED), blocks);
    MemorySegment data = outside(Arena.ofAuto(), blocks);
    Matrix m =
        type == StorageType.F8_E4M3 || type == StorageType.FP4_E2M1
            ? Matrix.scaled(type, data, 1, SAMPLE_VALUES, one())
            : Matrix.of(type, data, 1, SAMPLE_VALUES);
    float[] values = new float[SAMPLE_VALUES];
    Kernels.get().dequantize(m, 0, 0, SAMPLE_VALUES, values, 0);
    double sum = 0;
    for (float v : values) {
      sum += (double) v * v;
    }
    return Math.sqrt(sum / SAMPLE_VALUES);
  }

  private static BlockScales one() {
    MemorySegment scale = outside(Arena.ofAuto(), (byte) 127);
    return new BlockScales(StorageType.F8_E8M0, scale, 1, SAMPLE_VALUES, 1);
  }
}
