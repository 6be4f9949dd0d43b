package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.BITWISE_BLEND;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import io.hadal.kernels.packed.GridCodes;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Grid entries of IQ2_XXS to {@link TripleTile} columns by permutations of bytes: 64 entries are
 * looked up at once, where a gather takes sixteen.
 */
final class TripleGrid {
  private static final VectorSpecies<Byte> B = ByteVector.SPECIES_512;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final int COLUMN = TripleTile.COLUMN;
  private static final int WIDE = TripleTile.WIDE_FIELD;

  /** Codes of an entry's first four columns, two bits each, by its index. */
  private static final ByteVector L0 = codes(0, 0);

  private static final ByteVector L1 = codes(64, 0);
  private static final ByteVector L2 = codes(128, 0);
  private static final ByteVector L3 = codes(192, 0);

  /** Of its last four columns. */
  private static final ByteVector H0 = codes(0, 8);

  private static final ByteVector H1 = codes(64, 8);
  private static final ByteVector H2 = codes(128, 8);
  private static final ByteVector H3 = codes(192, 8);

  /** Added to weights, so that they are positive bytes. */
  private static final int BIAS = 43;

  private static final float[] LEVELS = GridCodes.signed(8, 25, 43, 0);

  /** Weights by code and, in bit 2, sign; higher bits do not matter. */
  private static final ByteVector WEIGHTS = bytes(i -> (int) LEVELS[i & 7] + BIAS);

  private static final IntVector CODE = IntVector.broadcast(I, 0x03030303);

  private static final int FIRST = 255;
  private static final int SECOND = 255 << WIDE;
  private static final int THIRD = 255 << 2 * WIDE - 32;

  /** High word of 2^52. */
  private static final int EXPONENT = 0x43300000;

  /** 2^52 and the biases of three rows. */
  private static final double MINUS = 0x1p52 + BIAS * (1 + 0x1p18 + 0x1p36);

  /** Bytes that {@link #columns} needs. */
  static final int SCRATCH = 3 * 512;

  private TripleGrid() {}

  private static ByteVector codes(int from, int shift) {
    return bytes(i -> GridCodes.IQ2_XXS[from + i] >> shift);
  }

  private static ByteVector bytes(IntUnaryOperator value) {
    byte[] lanes = new byte[64];
    for (int i = 0; i < 64; i++) {
      lanes[i] = (byte) value.applyAsInt(i);
    }
    return ByteVector.fromArray(B, lanes, 0);
  }

  /**
   * Weights of a group, biased bytes: vector j has columns j, 8 + j, 16 + j and 24 + j of a row in
   * a word.
   */
  private static void weights(MemorySegment w, long p, long to) {
    ByteVector index = ByteVector.fromMemorySegment(B, w, p, LITTLE_ENDIAN);
    VectorMask<Byte> upper = index.compare(LT, (byte) 0);
    IntVector low =
        index.selectFrom(L0, L1).blend(index.selectFrom(L2, L3), upper).reinterpretAsInts();
    IntVector high =
        index.selectFrom(H0, H1).blend(index.selectFrom(H2, H3), upper).reinterpretAsInts();
    IntVector signs = IntVector.fromMemorySegment(I, w, p + 64, LITTLE_ENDIAN);
    signs
        .lanewise(LSHL, 2)
        .lanewise(BITWISE_BLEND, low, CODE)
        .reinterpretAsBytes()
        .selectFrom(WEIGHTS)
        .intoMemorySegment(Scratch.MEMORY, to + 0, LITTLE_ENDIAN);
    signs
        .lanewise(LSHL, 1)
        .lanewise(BITWISE_BLEND, low.lanewise(LSHR, 2), CODE)
        .reinterpretAsBytes()
        .selectFrom(WEIGHTS)
        .intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    signs
        .lanewise(BITWISE_BLEND, low.lanewise(LSHR, 4), CODE)
        .reinterpretAsBytes()
        .selectFrom(WEIGHTS)
        .intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    signs
        .lanewise(LSHR, 1)
        .lanewise(BITWISE_BLEND, low.lanewise(LSHR, 6), CODE)
        .reinterpretAsBytes()
        .selectFrom(WEIGHTS)
        .intoMemorySegment(Scratch.MEMORY, to + 192, LITTLE_ENDIAN);
    signs
        .lanewise(LSHR, 2)
        .lanewise(BITWISE_BLEND, high, CODE)
        .reinterpretAsBytes()
        .selectFrom(WEIGHTS)
        .intoMemorySegment(Scratch.MEMORY, to + 256, LITTLE_ENDIAN);
    signs
        .lanewise(LSHR, 3)
        .lanewise(BITWISE_BLEND, high.lanewise(LSHR, 2), CODE)
        .reinterpretAsBytes()
        .selectFrom(WEIGHTS)
        .intoMemorySegment(Scratch.MEMORY, to + 320, LITTLE_ENDIAN);
    signs
        .lanewise(LSHR, 4)
        .lanewise(BITWISE_BLEND, high.lanewise(LSHR, 4), CODE)
        .reinterpretAsBytes()
        .selectFrom(WEIGHTS)
        .intoMemorySegment(Scratch.MEMORY, to + 384, LITTLE_ENDIAN);
    signs
        .lanewise(LSHR, 5)
        .lanewise(BITWISE_BLEND, high.lanewise(LSHR, 6), CODE)
        .reinterpretAsBytes()
        .selectFrom(WEIGHTS)
        .intoMemorySegment(Scratch.MEMORY, to + 448, LITTLE_ENDIAN);
  }

  /**
   * Turns a block of three groups into columns.
   *
   * @param to address of the columns
   * @param scratch address of {@link #SCRATCH} bytes
   */
  static void columns(MemorySegment w, long p0, long p1, long p2, long to, long scratch) {
    weights(w, p0, scratch);
    weights(w, p1, scratch + 512);
    weights(w, p2, scratch + 1024);
    for (int j = 0; j < 8; j++) {
      long from = scratch + 64 * j;
      IntVector a = IntVector.fromMemorySegment(I, Scratch.MEMORY, from, LITTLE_ENDIAN);
      IntVector b = IntVector.fromMemorySegment(I, Scratch.MEMORY, from + 512, LITTLE_ENDIAN);
      IntVector c = IntVector.fromMemorySegment(I, Scratch.MEMORY, from + 1024, LITTLE_ENDIAN);
      long at = to + j * COLUMN;
      TripleCodes.column(
          a.and(FIRST).or(b.lanewise(LSHL, 18).and(SECOND)),
          c.lanewise(LSHL, 4).and(THIRD).or(EXPONENT),
          MINUS,
          at + 0 * COLUMN);
      TripleCodes.column(
          a.lanewise(LSHR, 8).and(FIRST).or(b.lanewise(LSHL, 10).and(SECOND)),
          c.lanewise(LSHR, 4).and(THIRD).or(EXPONENT),
          MINUS,
          at + 8 * COLUMN);
      TripleCodes.column(
          a.lanewise(LSHR, 16).and(FIRST).or(b.lanewise(LSHL, 2).and(SECOND)),
          c.lanewise(LSHR, 12).and(THIRD).or(EXPONENT),
          MINUS,
          at + 16 * COLUMN);
      TripleCodes.column(
          a.lanewise(LSHR, 24).and(FIRST).or(b.lanewise(LSHR, 6).and(SECOND)),
          c.lanewise(LSHR, 20).and(THIRD).or(EXPONENT),
          MINUS,
          at + 24 * COLUMN);
    }
  }
}
