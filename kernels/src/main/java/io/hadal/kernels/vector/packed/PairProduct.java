package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import io.hadal.kernels.BlockInput;
import io.hadal.kernels.PackedMatrix;
import io.hadal.kernels.packed.PackedLayout;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/** Q2_K weights times several tokens by tables of sums of two products. */
final class PairProduct {
  /** Tokens of a tile. */
  static final int TILE = 16;

  /** Rows of a pair of groups. */
  private static final int ROWS = 2 * PackedLayout.GROUP;

  /** Pairs of groups whose weights are ready at a time. */
  private static final int PAIRS = 16;

  /** Tokens whose sums wait at a time. */
  private static final int TOKENS = 64;

  /** Bytes of a pair's block: 16 vectors of indices, 15 of scales. */
  private static final int PAIR = 2048;

  private static final int SCALES = 1024;

  /** Bytes of a token's tables of a block. */
  private static final int TABLES = 512;

  private static final VectorSpecies<Byte> B = ByteVector.SPECIES_512;
  private static final VectorSpecies<Byte> QUARTER = ByteVector.SPECIES_128;
  private static final VectorSpecies<Byte> HALF = ByteVector.SPECIES_256;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_512;
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_512;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_512;

  /** Each 16-bit lane's low byte twice, its high byte twice. */
  private static final ByteVector LOW = bytes(i -> i & ~1);

  private static final ByteVector HIGH = bytes(i -> i | 1);

  private static final ShortVector W0 = shorts(i -> i & 3);
  private static final ShortVector W1 = shorts(i -> i >> 2 & 3);

  private static final ThreadLocal<PairProduct> OWN = ThreadLocal.withInitial(PairProduct::new);

  private final Scratch pairs = new Scratch(PAIRS * PAIR / 4);
  private final Scratch tables = new Scratch(TILE * TABLES / 4);
  private final float[] token = new float[3 * TILE];
  private final float[] half = new float[16];
  private Scratch sums = new Scratch(PAIRS * TILE * ROWS);

  private PairProduct() {}

  private static ByteVector bytes(java.util.function.IntUnaryOperator f) {
    byte[] b = new byte[64];
    for (int i = 0; i < 64; i++) {
      b[i] = (byte) f.applyAsInt(i);
    }
    return ByteVector.fromArray(B, b, 0);
  }

  private static ShortVector shorts(java.util.function.IntUnaryOperator f) {
    short[] b = new short[32];
    for (int i = 0; i < 32; i++) {
      b[i] = (short) f.applyAsInt(i);
    }
    return ShortVector.fromArray(S, b, 0);
  }

  static void multiply(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int fromToken,
      int toToken,
      float[] y,
      int yOffset,
      int yStride) {
    PairProduct own = OWN.get();
    for (int t = fromToken; t < toToken; t += TOKENS) {
      int end = Math.min(toToken, t + TOKENS);
      for (int r = fromRow; r < toRow; r += PAIRS * ROWS) {
        int to = Math.min(toRow, r + PAIRS * ROWS);
        own.rows(w, r, to, x, t, end, y, yOffset + (t - fromToken) * yStride, yStride);
      }
    }
  }

  private void rows(
      PackedMatrix w,
      int fromRow,
      int toRow,
      BlockInput x,
      int from,
      int to,
      float[] y,
      int yAt,
      int yStride) {
    int count = (toRow - fromRow + ROWS - 1) / ROWS;
    int tokens = to - from;
    int size = count * tokens * ROWS;
    if (sums.length() < size) {
      sums = new Scratch(size);
    }
    sums.clear(size);
    long groupBytes = w.layout().groupBytes(w.cols());
    long first = groupBytes * (fromRow / PackedLayout.GROUP);
    int unitBytes = w.layout().unitBytes();
    for (int b = 0; b < x.blocks(); b++) {
      long unit = first + (long) (b >> 3) * unitBytes;
      for (int pair = 0; pair < count; pair++) {
        long at = unit + 2 * pair * groupBytes;
        boolean both = fromRow + ROWS * pair + PackedLayout.GROUP < toRow;
        unpack(w.data(), at, both ? at + groupBytes : at, b & 7, pairs.address() + pair * PAIR);
      }
      for (int t = 0; t < tokens; t += TILE) {
        int n = Math.min(TILE, tokens - t);
        prepare(x, from + t, n, b);
        for (int pair = 0; pair < count; pair++) {
          PairTile.add(
              pairs.address() + pair * PAIR,
              tables.address(),
              n,
              token,
              sums.address() + 4L * ROWS * (pair * tokens + t));
        }
      }
    }
    for (int pair = 0; pair < count; pair++) {
      int r = fromRow + ROWS * pair;
      int rows = Math.min(ROWS, toRow - r);
      for (int t = 0; t < tokens; t++) {
        sums.get((pair * tokens + t) * ROWS, y, yAt + t * yStride + r, rows);
      }
    }
  }

  private void prepare(BlockInput x, int t, int n, int b) {
    for (int i = 0; i < n; i++) {
      int block = (t + i) * x.blocks() + b;
      token[i] = x.scales()[block];
      token[TILE + i] = -x.sums()[2 * block];
      token[2 * TILE + i] = -x.sums()[2 * block + 1];
      tables(x.codes(), 32 * block, tables.address() + TABLES * i);
    }
  }

  private static final ByteVector A0 = column(0, 0);
  private static final ByteVector A1 = column(1, 0);
  private static final ByteVector A2 = column(2, 0);
  private static final ByteVector A3 = column(3, 0);
  private static final ByteVector A4 = column(4, 0);
  private static final ByteVector A5 = column(5, 0);
  private static final ByteVector A6 = column(6, 0);
  private static final ByteVector A7 = column(7, 0);
  private static final ByteVector B0 = column(0, 1);
  private static final ByteVector B1 = column(1, 1);
  private static final ByteVector B2 = column(2, 1);
  private static final ByteVector B3 = column(3, 1);
  private static final ByteVector B4 = column(4, 1);
  private static final ByteVector B5 = column(5, 1);
  private static final ByteVector B6 = column(6, 1);
  private static final ByteVector B7 = column(7, 1);

  /** 16-bit lanes: column 4 v + o, and 4 v + 2 + o in the upper half. */
  private static ByteVector column(int v, int o) {
    return bytes(i -> 2 * (4 * v + 2 * (i >> 5) + o) + (i & 1));
  }

  /** Tables of the 16 sums of each pair of columns, two pairs a vector. */
  private static void tables(byte[] codes, int at, long to) {
    ByteVector x =
        ByteVector.fromArray(HALF, codes, at).convertShape(jdk.incubator.vector.VectorOperators.B2S, S, 0).reinterpretAsBytes();
    A0.selectFrom(x).reinterpretAsShorts().mul(W0).add(B0.selectFrom(x).reinterpretAsShorts().mul(W1)).intoMemorySegment(Scratch.MEMORY, to + 0, LITTLE_ENDIAN);
    A1.selectFrom(x).reinterpretAsShorts().mul(W0).add(B1.selectFrom(x).reinterpretAsShorts().mul(W1)).intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    A2.selectFrom(x).reinterpretAsShorts().mul(W0).add(B2.selectFrom(x).reinterpretAsShorts().mul(W1)).intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    A3.selectFrom(x).reinterpretAsShorts().mul(W0).add(B3.selectFrom(x).reinterpretAsShorts().mul(W1)).intoMemorySegment(Scratch.MEMORY, to + 192, LITTLE_ENDIAN);
    A4.selectFrom(x).reinterpretAsShorts().mul(W0).add(B4.selectFrom(x).reinterpretAsShorts().mul(W1)).intoMemorySegment(Scratch.MEMORY, to + 256, LITTLE_ENDIAN);
    A5.selectFrom(x).reinterpretAsShorts().mul(W0).add(B5.selectFrom(x).reinterpretAsShorts().mul(W1)).intoMemorySegment(Scratch.MEMORY, to + 320, LITTLE_ENDIAN);
    A6.selectFrom(x).reinterpretAsShorts().mul(W0).add(B6.selectFrom(x).reinterpretAsShorts().mul(W1)).intoMemorySegment(Scratch.MEMORY, to + 384, LITTLE_ENDIAN);
    A7.selectFrom(x).reinterpretAsShorts().mul(W0).add(B7.selectFrom(x).reinterpretAsShorts().mul(W1)).intoMemorySegment(Scratch.MEMORY, to + 448, LITTLE_ENDIAN);
  }

  private void unpack(MemorySegment w, long a, long b, int block, long to) {
    if (block == 0) {
      unit(w, a, to + SCALES + 64 * 11);
      unit(w, b, to + SCALES + 64 * 13);
    }
    long at = 64 + 160L * block;
    indices(w, a + at, b + at, to);
    scales(w, a + at + 128, b + at + 128, to + SCALES);
  }

  private void unit(MemorySegment w, long at, long to) {
    UnitScales.half(w, at, 1, half, 0);
    FloatVector.fromArray(F, half, 0).intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    UnitScales.half(w, at + 32, 1, half, 0);
    FloatVector.fromArray(F, half, 0).intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
  }

  private static void scales(MemorySegment w, long a, long b, long to) {
    IntVector a0 = (IntVector) ByteVector.fromMemorySegment(QUARTER, w, a, LITTLE_ENDIAN).convertShape(ZERO_EXTEND_B2I, I, 0);
    IntVector a1 = (IntVector) ByteVector.fromMemorySegment(QUARTER, w, a + 16, LITTLE_ENDIAN).convertShape(ZERO_EXTEND_B2I, I, 0);
    IntVector b0 = (IntVector) ByteVector.fromMemorySegment(QUARTER, w, b, LITTLE_ENDIAN).convertShape(ZERO_EXTEND_B2I, I, 0);
    IntVector b1 = (IntVector) ByteVector.fromMemorySegment(QUARTER, w, b + 16, LITTLE_ENDIAN).convertShape(ZERO_EXTEND_B2I, I, 0);
    FloatVector s0 = (FloatVector) a0.and(15).convert(I2F, 0);
    FloatVector s1 = (FloatVector) a1.and(15).convert(I2F, 0);
    s0.intoMemorySegment(Scratch.MEMORY, to, LITTLE_ENDIAN);
    s0.mul(-(8388608f + 32768)).intoMemorySegment(Scratch.MEMORY, to + 64, LITTLE_ENDIAN);
    s1.intoMemorySegment(Scratch.MEMORY, to + 128, LITTLE_ENDIAN);
    s1.mul(-(8388608f + 32768)).intoMemorySegment(Scratch.MEMORY, to + 192, LITTLE_ENDIAN);
    ((FloatVector) a0.lanewise(LSHR, 4).convert(I2F, 0)).intoMemorySegment(Scratch.MEMORY, to + 256, LITTLE_ENDIAN);
    ((FloatVector) a1.lanewise(LSHR, 4).convert(I2F, 0)).intoMemorySegment(Scratch.MEMORY, to + 320, LITTLE_ENDIAN);
    FloatVector h0 = (FloatVector) b0.and(15).convert(I2F, 0);
    FloatVector h1 = (FloatVector) b1.and(15).convert(I2F, 0);
    h0.mul(0x1p-16f).intoMemorySegment(Scratch.MEMORY, to + 384, LITTLE_ENDIAN);
    h1.mul(0x1p-16f).intoMemorySegment(Scratch.MEMORY, to + 448, LITTLE_ENDIAN);
    ((FloatVector) b0.lanewise(LSHR, 4).convert(I2F, 0)).intoMemorySegment(Scratch.MEMORY, to + 576, LITTLE_ENDIAN);
    ((FloatVector) b1.lanewise(LSHR, 4).convert(I2F, 0)).intoMemorySegment(Scratch.MEMORY, to + 640, LITTLE_ENDIAN);
  }

  private static void indices(MemorySegment w, long a, long b, long to) {
    for (int h = 0; h < 2; h++) {
      IntVector u = IntVector.fromMemorySegment(I, w, a + 64 * h, LITTLE_ENDIAN);
      IntVector v = IntVector.fromMemorySegment(I, w, b + 64 * h, LITTLE_ENDIAN);
      ByteVector l = u.and(0xffff).or(v.lanewise(LSHL, 16)).reinterpretAsBytes();
      ByteVector r = u.lanewise(LSHR, 16).or(v.and(0xffff0000)).reinterpretAsBytes();
      long at = to + 512 * h;
      IntVector c;
      c = LOW.selectFrom(l).reinterpretAsInts();
      c.lanewise(LSHL, 1).and(0x1e1e1e1e).or(0x01000100).intoMemorySegment(Scratch.MEMORY, at, LITTLE_ENDIAN);
      c.lanewise(LSHR, 3).and(0x1e1e1e1e).or(0x01000100).intoMemorySegment(Scratch.MEMORY, at + 256, LITTLE_ENDIAN);
      c = HIGH.selectFrom(l).reinterpretAsInts();
      c.lanewise(LSHL, 1).and(0x1e1e1e1e).or(0x21202120).intoMemorySegment(Scratch.MEMORY, at + 64, LITTLE_ENDIAN);
      c.lanewise(LSHR, 3).and(0x1e1e1e1e).or(0x21202120).intoMemorySegment(Scratch.MEMORY, at + 320, LITTLE_ENDIAN);
      c = LOW.selectFrom(r).reinterpretAsInts();
      c.lanewise(LSHL, 1).and(0x1e1e1e1e).or(0x01000100).intoMemorySegment(Scratch.MEMORY, at + 128, LITTLE_ENDIAN);
      c.lanewise(LSHR, 3).and(0x1e1e1e1e).or(0x01000100).intoMemorySegment(Scratch.MEMORY, at + 384, LITTLE_ENDIAN);
      c = HIGH.selectFrom(r).reinterpretAsInts();
      c.lanewise(LSHL, 1).and(0x1e1e1e1e).or(0x21202120).intoMemorySegment(Scratch.MEMORY, at + 192, LITTLE_ENDIAN);
      c.lanewise(LSHR, 3).and(0x1e1e1e1e).or(0x21202120).intoMemorySegment(Scratch.MEMORY, at + 448, LITTLE_ENDIAN);
    }
  }
}
