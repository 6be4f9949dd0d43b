package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.ByteTile;
import io.hadal.kernels.KeyTile;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Packed index keys to bytes, from 256 bits on. A lane holds four bytes of one key and all
 * arithmetic stays inside these bytes: no sum passes 127 and no difference goes below zero.
 */
final class KeyBytes {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final int KEYS = KeyTile.KEYS;
  private static final int ONES = 0x01010101;
  private static final int HIGHS = 0x80808080;

  private KeyBytes() {}

  /** Keys of a multiple of 32 values. */
  static void unpack(MemorySegment tile, int width, MemorySegment bytes) {
    int blocks = width / 32;
    long scales = (long) width / 2 * KEYS;
    for (int c = 0; c < 16; c += L) {
      // A word of scales is those of keys c, c + 16, c + 32 and c + 48, as are words of codes.
      for (int q = 0; q < 4; q++) {
        IntVector largest = scaleCodes(tile, scales + 4L * c, q);
        for (int b = 1; b < blocks; b++) {
          largest = largest.max(scaleCodes(tile, scales + (long) b * KEYS + 4L * c, q));
        }
        int key = 16 * q + c;
        PackedRows.scale(largest)
            .mul(ByteTile.FP4_UNIT)
            .intoMemorySegment(bytes, ByteTile.scale(key, width), LITTLE_ENDIAN);
        for (int b = 0; b < blocks; b++) {
          IntVector below = largest.sub(scaleCodes(tile, scales + (long) b * KEYS + 4L * c, q));
          block(tile, width, b, c, 8 * q, below, bytes, key);
        }
      }
    }
  }

  private static IntVector scaleCodes(MemorySegment tile, long at, int q) {
    return IntVector.fromMemorySegment(I, tile, at, LITTLE_ENDIAN)
        .lanewise(VectorOperators.LSHR, 8 * q)
        .and(255);
  }

  /** Values 32 b to 32 b + 31 of the keys in the lanes' bytes at {@code bit}. */
  private static void block(
      MemorySegment tile,
      int width,
      int b,
      int c,
      int bit,
      IntVector below,
      MemorySegment bytes,
      int key) {
    IntVector left = below.neg().add(ByteTile.FP4_SHIFT).max(0);
    IntVector right = below.sub(ByteTile.FP4_SHIFT).max(0).min(7);
    IntVector ones = IntVector.broadcast(I, ONES);
    IntVector half = ones.lanewise(VectorOperators.LSHL, right).lanewise(VectorOperators.LSHR, 1);
    half = half.and(0x7f7f7f7f);
    // Bits that a shift to the right brings in from the byte above.
    IntVector kept =
        IntVector.broadcast(I, 255).lanewise(VectorOperators.LSHR, right).mul(ONES);
    long lane = (long) width / 32 * KEYS;
    for (int g = 0; g < 4; g++) {
      long at = 4 * g * lane + (long) b * KEYS + 4L * c;
      IntVector pairs = byteOf(tile, at, bit);
      pairs = pairs.or(byteOf(tile, at + lane, bit).lanewise(VectorOperators.LSHL, 8));
      pairs = pairs.or(byteOf(tile, at + 2 * lane, bit).lanewise(VectorOperators.LSHL, 16));
      pairs = pairs.or(byteOf(tile, at + 3 * lane, bit).lanewise(VectorOperators.LSHL, 24));
      decode(pairs, left, right, half, kept)
          .intoMemorySegment(bytes, ByteTile.code(key, 32 * b + 4 * g), LITTLE_ENDIAN);
      decode(pairs.lanewise(VectorOperators.LSHR, 4), left, right, half, kept)
          .intoMemorySegment(bytes, ByteTile.code(key, 32 * b + 16 + 4 * g), LITTLE_ENDIAN);
    }
  }

  private static IntVector byteOf(MemorySegment tile, long at, int bit) {
    return IntVector.fromMemorySegment(I, tile, at, LITTLE_ENDIAN)
        .lanewise(VectorOperators.LSHR, bit)
        .and(255);
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
