package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.ByteTile;
import io.hadal.kernels.KeyTile;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Packed index keys to bytes, from 256 bits on. A word of a packed tile holds two rows of keys c, c
 * + 16, c + 32 and c + 48; a lane of the result holds four values of one key.
 */
final class KeyBytes {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final int KEYS = KeyTile.KEYS;
  private static final int ONES = 0x01010101;
  private static final int HIGHS = 0x80808080;

  // Twice the values of E2M1 codes at the four places of a word; second halves for 256 bits.
  private static final IntVector LOW0 = table(0, false);
  private static final IntVector LOW1 = table(8, false);
  private static final IntVector LOW2 = table(16, false);
  private static final IntVector LOW3 = table(24, false);
  private static final IntVector HIGH0 = table(0, true);
  private static final IntVector HIGH1 = table(8, true);
  private static final IntVector HIGH2 = table(16, true);
  private static final IntVector HIGH3 = table(24, true);

  private KeyBytes() {}

  private static IntVector table(int bit, boolean second) {
    int[] words = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
    for (int i = 0; i < 16; i++) {
      words[i] = (words[i] & 255) << bit;
    }
    return IntVector.fromArray(I, words, second ? 16 - L : 0);
  }

  /** Keys of a multiple of 32 values. */
  static void unpack(MemorySegment tile, int width, int[] words) {
    int blocks = width / 32;
    int scales = width / 2 * KEYS;
    int[] largest = new int[KEYS];
    for (int q = 0; q < 4; q++) {
      for (int c = 0; c < 16; c += L) {
        IntVector most = byteOf(tile, scales + 4 * c, q);
        for (int b = 1; b < blocks; b++) {
          most = most.max(byteOf(tile, scales + b * KEYS + 4 * c, q));
        }
        most.intoArray(largest, 16 * q + c);
        PackedRows.scale(most)
            .mul(ByteTile.FP4_UNIT)
            .reinterpretAsInts()
            .intoArray(words, width / 4 * KEYS + 16 * q + c);
      }
    }
    for (int b = 0; b < blocks; b++) {
      for (int c = 0; c < 16; c += L) {
        if (near(tile, scales + b * KEYS + 4 * c, largest, c)) {
          nearBlock(tile, width, b, c, largest, words);
        } else {
          for (int q = 0; q < 4; q++) {
            farBlock(tile, width, b, c, q, largest, words);
          }
        }
      }
    }
  }

  private static IntVector byteOf(MemorySegment tile, long at, int q) {
    return IntVector.fromMemorySegment(I, tile, at, LITTLE_ENDIAN)
        .lanewise(VectorOperators.LSHR, 8 * q)
        .and(255);
  }

  /** True when no value of a block has to be shifted down. */
  private static boolean near(MemorySegment tile, long at, int[] largest, int c) {
    IntVector s = IntVector.fromMemorySegment(I, tile, at, LITTLE_ENDIAN);
    IntVector d0 = IntVector.fromArray(I, largest, c).sub(s.and(255));
    s = s.lanewise(VectorOperators.LSHR, 8);
    IntVector d1 = IntVector.fromArray(I, largest, 16 + c).sub(s.and(255));
    s = s.lanewise(VectorOperators.LSHR, 8);
    IntVector d2 = IntVector.fromArray(I, largest, 32 + c).sub(s.and(255));
    s = s.lanewise(VectorOperators.LSHR, 8);
    IntVector d3 = IntVector.fromArray(I, largest, 48 + c).sub(s);
    return !d0.max(d1).max(d2.max(d3)).compare(VectorOperators.GT, ByteTile.FP4_SHIFT).anyTrue();
  }

  /** How far the bytes of a block are shifted up. */
  private static IntVector up(IntVector scaleCode, int[] largest, int at) {
    return scaleCode.sub(IntVector.fromArray(I, largest, at)).add(ByteTile.FP4_SHIFT);
  }

  /** Bits of each byte that do not come from the byte below. */
  private static IntVector kept(IntVector up) {
    return IntVector.broadcast(I, 255).lanewise(VectorOperators.LSHL, up).and(255).mul(ONES);
  }

  /** Signed bytes of values 32 b to 32 b + 31 from tables. */
  private static void nearBlock(
      MemorySegment tile, int width, int b, int c, int[] largest, int[] words) {
    long scales = (long) (width / 2 + b) * KEYS + 4L * c;
    IntVector s = IntVector.fromMemorySegment(I, tile, scales, LITTLE_ENDIAN);
    IntVector s0 = up(s.and(255), largest, c);
    IntVector s1 = up(s.lanewise(VectorOperators.LSHR, 8).and(255), largest, 16 + c);
    IntVector s2 = up(s.lanewise(VectorOperators.LSHR, 16).and(255), largest, 32 + c);
    IntVector s3 = up(s.lanewise(VectorOperators.LSHR, 24), largest, 48 + c);
    IntVector k0 = kept(s0);
    IntVector k1 = kept(s1);
    IntVector k2 = kept(s2);
    IntVector k3 = kept(s3);
    long lane = (long) width / 32 * KEYS;
    for (int g = 0; g < 4; g++) {
      long at = 4 * g * lane + (long) b * KEYS + 4L * c;
      IntVector v0 = IntVector.fromMemorySegment(I, tile, at, LITTLE_ENDIAN);
      IntVector v1 = IntVector.fromMemorySegment(I, tile, at + lane, LITTLE_ENDIAN);
      IntVector v2 = IntVector.fromMemorySegment(I, tile, at + 2 * lane, LITTLE_ENDIAN);
      IntVector v3 = IntVector.fromMemorySegment(I, tile, at + 3 * lane, LITTLE_ENDIAN);
      int low = (8 * b + g) * KEYS + c;
      int high = low + 4 * KEYS;
      word(v0, v1, v2, v3, 0, s0, k0).intoArray(words, low);
      word(v0, v1, v2, v3, 4, s0, k0).intoArray(words, high);
      word(v0, v1, v2, v3, 8, s1, k1).intoArray(words, low + 16);
      word(v0, v1, v2, v3, 12, s1, k1).intoArray(words, high + 16);
      word(v0, v1, v2, v3, 16, s2, k2).intoArray(words, low + 32);
      word(v0, v1, v2, v3, 20, s2, k2).intoArray(words, high + 32);
      word(v0, v1, v2, v3, 24, s3, k3).intoArray(words, low + 48);
      word(v0, v1, v2, v3, 28, s3, k3).intoArray(words, high + 48);
    }
  }

  /** The codes at a bit of four words, side by side as bytes and shifted up. */
  private static IntVector word(
      IntVector v0,
      IntVector v1,
      IntVector v2,
      IntVector v3,
      int bit,
      IntVector up,
      IntVector kept) {
    IntVector i0 = v0.lanewise(VectorOperators.LSHR, bit).and(15);
    IntVector i1 = v1.lanewise(VectorOperators.LSHR, bit).and(15);
    IntVector i2 = v2.lanewise(VectorOperators.LSHR, bit).and(15);
    IntVector i3 = v3.lanewise(VectorOperators.LSHR, bit).and(15);
    IntVector low;
    IntVector high;
    if (L == 16) {
      low = i0.selectFrom(LOW0).or(i1.selectFrom(LOW1));
      high = i2.selectFrom(LOW2).or(i3.selectFrom(LOW3));
    } else {
      low = i0.selectFrom(LOW0, HIGH0).or(i1.selectFrom(LOW1, HIGH1));
      high = i2.selectFrom(LOW2, HIGH2).or(i3.selectFrom(LOW3, HIGH3));
    }
    return low.or(high).lanewise(VectorOperators.LSHL, up).and(kept);
  }

  /**
   * As {@link #nearBlock} for a quarter of the keys, by arithmetic inside bytes: no sum passes 127
   * and no difference goes below zero.
   */
  private static void farBlock(
      MemorySegment tile, int width, int b, int c, int q, int[] largest, int[] words) {
    long scales = (long) (width / 2 + b) * KEYS + 4L * c;
    IntVector up = up(byteOf(tile, scales, q), largest, 16 * q + c);
    IntVector left = up.max(0);
    IntVector right = up.neg().max(0).min(7);
    IntVector half =
        IntVector.broadcast(I, ONES)
            .lanewise(VectorOperators.LSHL, right)
            .lanewise(VectorOperators.LSHR, 1)
            .and(0x7f7f7f7f);
    // Bits that a shift to the right does not bring in from the byte above.
    IntVector kept = IntVector.broadcast(I, 255).lanewise(VectorOperators.LSHR, right).mul(ONES);
    long lane = (long) width / 32 * KEYS;
    for (int g = 0; g < 4; g++) {
      long at = 4 * g * lane + (long) b * KEYS + 4L * c;
      IntVector pairs = byteOf(tile, at, q);
      pairs = pairs.or(byteOf(tile, at + lane, q).lanewise(VectorOperators.LSHL, 8));
      pairs = pairs.or(byteOf(tile, at + 2 * lane, q).lanewise(VectorOperators.LSHL, 16));
      pairs = pairs.or(byteOf(tile, at + 3 * lane, q).lanewise(VectorOperators.LSHL, 24));
      int low = (8 * b + g) * KEYS + 16 * q + c;
      decode(pairs, left, right, half, kept).intoArray(words, low);
      pairs = pairs.lanewise(VectorOperators.LSHR, 4);
      decode(pairs, left, right, half, kept).intoArray(words, low + 4 * KEYS);
    }
  }

  /** The low halves of four bytes: E2M1 codes to signed bytes. */
  private static IntVector decode(
      IntVector pairs, IntVector left, IntVector right, IntVector half, IntVector kept) {
    // Twice a magnitude is its code, and 1, 2 or 5 more from code 5 on.
    IntVector one = pairs.and(ONES);
    IntVector two = pairs.lanewise(VectorOperators.LSHR, 1).and(ONES);
    IntVector four = pairs.lanewise(VectorOperators.LSHR, 2).and(ONES);
    IntVector more = two.add(two.and(one)).and(four.mul(3)).lanewise(VectorOperators.LSHL, 1);
    IntVector m = pairs.and(0x07070707).add(four.and(one)).add(more);
    m = m.lanewise(VectorOperators.LSHL, left).add(half);
    m = m.lanewise(VectorOperators.LSHR, right).and(kept);
    IntVector negative = pairs.lanewise(VectorOperators.LSHR, 3).and(ONES).mul(255);
    IntVector minus = IntVector.broadcast(I, HIGHS).sub(m).lanewise(VectorOperators.XOR, HIGHS);
    return m.lanewise(VectorOperators.BITWISE_BLEND, minus, negative);
  }
}
