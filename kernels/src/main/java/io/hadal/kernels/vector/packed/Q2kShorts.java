package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.hadal.kernels.BlockInput;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Q2_K by tables: the weights of two neighbouring columns are a code of four bits, and for each
 * token a table has the sixteen sums of two products. One permutation of bytes looks up the sums of
 * 32 rows: 64 products, which would take four multiply-adds of f32.
 */
final class Q2kShorts extends ShortBlocks {
  private static final VectorSpecies<Byte> B = ByteVector.SPECIES_512;
  private static final VectorSpecies<Byte> QUARTER = ByteVector.SPECIES_128;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_512;

  /** Bytes of a token's tables of a block. */
  private static final int TABLES = 512;

  /** The low byte of each 16-bit lane twice. */
  private static final ByteVector FIRST = bytes(i -> i & ~1);

  /** The high byte. */
  private static final ByteVector SECOND = bytes(i -> i | 1);

  /** Weights of a code's first column, each twice for the two tables of a vector. */
  private static final ShortVector W0 = shorts(i -> i >> 1 & 3);

  /** Of its second column. */
  private static final ShortVector W1 = shorts(i -> i >> 3);

  private final Scratch tables = new Scratch(Q2kTile.TOKENS * TABLES / 4);
  private final float[] token = new float[3 * Q2kTile.TOKENS];

  private static ByteVector bytes(IntUnaryOperator value) {
    byte[] lanes = new byte[64];
    for (int i = 0; i < 64; i++) {
      lanes[i] = (byte) value.applyAsInt(i);
    }
    return ByteVector.fromArray(B, lanes, 0);
  }

  private static ShortVector shorts(IntUnaryOperator value) {
    short[] lanes = new short[32];
    for (int i = 0; i < 32; i++) {
      lanes[i] = (short) value.applyAsInt(i);
    }
    return ShortVector.fromArray(S, lanes, 0);
  }

  @Override
  void unpack(MemorySegment w, long a, long b, int block, long to) {
    long scales = to + Q2kTile.SCALES;
    if (block == 0) {
      unit(w, a, scales + 64 * Q2kTile.UNIT);
      unit(w, b, scales + 64 * (Q2kTile.UNIT + 2));
    }
    long at = 64 + 160L * block;
    indices(w, a + at, b + at, to);
    scales(w, a + at + 128, b + at + 128, scales);
  }

  /**
   * Places of the two bytes of a sum in its table: bytes 4 c and 4 c + 1 for code c in the first
   * table of a vector, two behind them in the second. The first group is in the low halves of
   * 32-bit lanes.
   */
  private static void indices(MemorySegment w, long a, long b, long to) {
    for (int h = 0; h < 2; h++) {
      IntVector u = IntVector.fromMemorySegment(I, w, a + 64 * h, LITTLE_ENDIAN);
      IntVector v = IntVector.fromMemorySegment(I, w, b + 64 * h, LITTLE_ENDIAN);
      ByteVector l = u.and(0xffff).or(v.lanewise(LSHL, 16)).reinterpretAsBytes();
      ByteVector r = u.lanewise(LSHR, 16).or(v.and(0xffff0000)).reinterpretAsBytes();
      long at = to + 512 * h;
      IntVector c;
      c = FIRST.selectFrom(l).reinterpretAsInts();
      c.lanewise(LSHL, 2)
          .and(0x3c3c3c3c)
          .or(0x01000100)
          .intoMemorySegment(Scratch.MEMORY, at, LITTLE_ENDIAN);
      c.lanewise(LSHR, 2)
          .and(0x3c3c3c3c)
          .or(0x01000100)
          .intoMemorySegment(Scratch.MEMORY, at + 256, LITTLE_ENDIAN);
      c = SECOND.selectFrom(l).reinterpretAsInts();
      c.lanewise(LSHL, 2)
          .and(0x3c3c3c3c)
          .or(0x01000100)
          .intoMemorySegment(Scratch.MEMORY, at + 128, LITTLE_ENDIAN);
      c.lanewise(LSHR, 2)
          .and(0x3c3c3c3c)
          .or(0x01000100)
          .intoMemorySegment(Scratch.MEMORY, at + 384, LITTLE_ENDIAN);
      c = FIRST.selectFrom(r).reinterpretAsInts();
      c.lanewise(LSHL, 2)
          .and(0x3c3c3c3c)
          .or(0x03020302)
          .intoMemorySegment(Scratch.MEMORY, at + 64, LITTLE_ENDIAN);
      c.lanewise(LSHR, 2)
          .and(0x3c3c3c3c)
          .or(0x03020302)
          .intoMemorySegment(Scratch.MEMORY, at + 320, LITTLE_ENDIAN);
      c = SECOND.selectFrom(r).reinterpretAsInts();
      c.lanewise(LSHL, 2)
          .and(0x3c3c3c3c)
          .or(0x03020302)
          .intoMemorySegment(Scratch.MEMORY, at + 192, LITTLE_ENDIAN);
      c.lanewise(LSHR, 2)
          .and(0x3c3c3c3c)
          .or(0x03020302)
          .intoMemorySegment(Scratch.MEMORY, at + 448, LITTLE_ENDIAN);
    }
  }

  private static void scales(MemorySegment w, long a, long b, long to) {
    IntVector a0 =
        (IntVector)
            ByteVector.fromMemorySegment(QUARTER, w, a, LITTLE_ENDIAN)
                .convertShape(ZERO_EXTEND_B2I, I, 0);
    IntVector a1 =
        (IntVector)
            ByteVector.fromMemorySegment(QUARTER, w, a + 16, LITTLE_ENDIAN)
                .convertShape(ZERO_EXTEND_B2I, I, 0);
    IntVector b0 =
        (IntVector)
            ByteVector.fromMemorySegment(QUARTER, w, b, LITTLE_ENDIAN)
                .convertShape(ZERO_EXTEND_B2I, I, 0);
    IntVector b1 =
        (IntVector)
            ByteVector.fromMemorySegment(QUARTER, w, b + 16, LITTLE_ENDIAN)
                .convertShape(ZERO_EXTEND_B2I, I, 0);
    FloatVector s0 = (FloatVector) a0.and(15).convert(I2F, 0);
    FloatVector s1 = (FloatVector) a1.and(15).convert(I2F, 0);
    s0.intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    s0.mul(-TOO_MUCH).intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    s1.intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    s1.mul(-TOO_MUCH).intoMemorySegment(Scratch.MEMORY, to + 192, LITTLE_ENDIAN);
    ((FloatVector) a0.lanewise(LSHR, 4).convert(I2F, 0))
        .intoMemorySegment(Scratch.MEMORY, to + 256, LITTLE_ENDIAN);
    ((FloatVector) a1.lanewise(LSHR, 4).convert(I2F, 0))
        .intoMemorySegment(Scratch.MEMORY, to + 320, LITTLE_ENDIAN);
    FloatVector h0 = (FloatVector) b0.and(15).convert(I2F, 0);
    FloatVector h1 = (FloatVector) b1.and(15).convert(I2F, 0);
    h0.mul(HIGH).intoMemorySegment(Scratch.MEMORY, to + 384, LITTLE_ENDIAN);
    h1.mul(HIGH).intoMemorySegment(Scratch.MEMORY, to + 448, LITTLE_ENDIAN);
    ((FloatVector) b0.lanewise(LSHR, 4).convert(I2F, 0))
        .intoMemorySegment(Scratch.MEMORY, to + 512, LITTLE_ENDIAN);
    ((FloatVector) b1.lanewise(LSHR, 4).convert(I2F, 0))
        .intoMemorySegment(Scratch.MEMORY, to + 576, LITTLE_ENDIAN);
  }

  @Override
  void add(BlockInput x, int from, int tokens, int b, long ready, int pairs, long sums) {
    for (int t = 0; t < tokens; t += Q2kTile.TOKENS) {
      int count = Math.min(Q2kTile.TOKENS, tokens - t);
      for (int i = 0; i < count; i++) {
        int block = (from + t + i) * x.blocks() + b;
        token[i] = x.scales()[block];
        token[Q2kTile.TOKENS + i] = -x.sums()[2 * block];
        token[2 * Q2kTile.TOKENS + i] = -x.sums()[2 * block + 1];
        tables(x.pairs(), 16 * block, tables.address() + TABLES * i);
      }
      for (int pair = 0; pair < pairs; pair++) {
        Q2kTile.add(
            ready + pair * BYTES,
            tables.address(),
            count,
            token,
            sums + (long) (pair * tokens + t) * ShortProduct.TOKEN);
      }
    }
  }

  /** Tables of the 16 sums of pairs of columns, two tables a vector, lane by lane. */
  private static void tables(int[] pairs, int at, long to) {
    for (int v = 0; v < 8; v++) {
      IntVector.broadcast(I, pairs[at + 2 * v])
          .reinterpretAsShorts()
          .mul(W0)
          .add(IntVector.broadcast(I, pairs[at + 2 * v + 1]).reinterpretAsShorts().mul(W1))
          .intoMemorySegment(Scratch.MEMORY, to + 64 * v, LITTLE_ENDIAN);
    }
  }
}
