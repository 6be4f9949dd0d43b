package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Bf16;
import io.hadal.kernels.E8M0;
import io.hadal.kernels.Fp4;
import io.hadal.kernels.Fp8;
import io.hadal.kernels.KeyTile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Packed cache rows to f32, from 256 bits on. */
final class PackedRows {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Short> S = Width.S;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final IntVector SHIFTS = IntVector.broadcast(I, 0).addIndex(4).and(28);

  /** Lanes that read the second word of eight nibbles. */
  private static final VectorMask<Integer> SECOND = VectorMask.fromLong(I, L == 16 ? 0xff00 : 0);

  private static final IntVector LOW = L >= 8 ? Nibbles.low(Fp4.values()) : IntVector.zero(I);
  private static final IntVector HIGH = L >= 8 ? Nibbles.high(Fp4.values()) : IntVector.zero(I);

  private PackedRows() {}

  /** Keys of a multiple of 32 values: a word holds two rows of four keys, sixteen keys apart. */
  static void unpackKeys(MemorySegment tile, int width, float[] keys) {
    long scales = (long) width / 2 * KeyTile.KEYS;
    int laneRows = width / 16;
    for (int c = 0; c < 16; c += L) {
      for (int b = 0; b < width / 32; b++) {
        long at = scales + (long) b * KeyTile.KEYS + 4L * c;
        IntVector s = IntVector.fromMemorySegment(I, tile, at, LITTLE_ENDIAN);
        FloatVector s0 = scale(s.and(255));
        FloatVector s1 = scale(s.lanewise(VectorOperators.LSHR, 8).and(255));
        FloatVector s2 = scale(s.lanewise(VectorOperators.LSHR, 16).and(255));
        FloatVector s3 = scale(s.lanewise(VectorOperators.LSHR, 24));
        for (int l = 0; l < 16; l++) {
          int row = l * laneRows + 2 * b;
          unpackPair(tile, (long) row / 2 * KeyTile.KEYS + 4L * c, s0, s1, s2, s3, keys, row, c);
        }
      }
    }
  }

  static FloatVector scale(IntVector code) {
    IntVector bits = code.lanewise(VectorOperators.LSHL, 23);
    bits = bits.blend(0x00400000, code.compare(VectorOperators.EQ, 0));
    return bits.blend(0x7fc00000, code.compare(VectorOperators.EQ, 255)).reinterpretAsFloats();
  }

  private static void unpackPair(
      MemorySegment tile,
      long at,
      FloatVector s0,
      FloatVector s1,
      FloatVector s2,
      FloatVector s3,
      float[] keys,
      int row,
      int c) {
    IntVector v = IntVector.fromMemorySegment(I, tile, at, LITTLE_ENDIAN);
    int low = row * KeyTile.KEYS + c;
    int high = low + KeyTile.KEYS;
    IntVector v0 = v.and(15);
    IntVector v1 = v.lanewise(VectorOperators.LSHR, 4).and(15);
    IntVector v2 = v.lanewise(VectorOperators.LSHR, 8).and(15);
    IntVector v3 = v.lanewise(VectorOperators.LSHR, 12).and(15);
    IntVector v4 = v.lanewise(VectorOperators.LSHR, 16).and(15);
    IntVector v5 = v.lanewise(VectorOperators.LSHR, 20).and(15);
    IntVector v6 = v.lanewise(VectorOperators.LSHR, 24).and(15);
    IntVector v7 = v.lanewise(VectorOperators.LSHR, 28);
    if (L == 16) {
      v0.selectFrom(LOW).reinterpretAsFloats().mul(s0).intoArray(keys, low);
      v1.selectFrom(LOW).reinterpretAsFloats().mul(s0).intoArray(keys, high);
      v2.selectFrom(LOW).reinterpretAsFloats().mul(s1).intoArray(keys, low + 16);
      v3.selectFrom(LOW).reinterpretAsFloats().mul(s1).intoArray(keys, high + 16);
      v4.selectFrom(LOW).reinterpretAsFloats().mul(s2).intoArray(keys, low + 32);
      v5.selectFrom(LOW).reinterpretAsFloats().mul(s2).intoArray(keys, high + 32);
      v6.selectFrom(LOW).reinterpretAsFloats().mul(s3).intoArray(keys, low + 48);
      v7.selectFrom(LOW).reinterpretAsFloats().mul(s3).intoArray(keys, high + 48);
    } else {
      v0.selectFrom(LOW, HIGH).reinterpretAsFloats().mul(s0).intoArray(keys, low);
      v1.selectFrom(LOW, HIGH).reinterpretAsFloats().mul(s0).intoArray(keys, high);
      v2.selectFrom(LOW, HIGH).reinterpretAsFloats().mul(s1).intoArray(keys, low + 16);
      v3.selectFrom(LOW, HIGH).reinterpretAsFloats().mul(s1).intoArray(keys, high + 16);
      v4.selectFrom(LOW, HIGH).reinterpretAsFloats().mul(s2).intoArray(keys, low + 32);
      v5.selectFrom(LOW, HIGH).reinterpretAsFloats().mul(s2).intoArray(keys, high + 32);
      v6.selectFrom(LOW, HIGH).reinterpretAsFloats().mul(s3).intoArray(keys, low + 48);
      v7.selectFrom(LOW, HIGH).reinterpretAsFloats().mul(s3).intoArray(keys, high + 48);
    }
  }

  /** E4M3 codes as {@link F8E4M3VectorDecoder} decodes them, under power-of-two scales. */
  static void unpackFp8(
      MemorySegment row, long at, int n, long scales, int block, float[] out, int outOffset) {
    long tile = scales;
    for (int from = 0; from < n; from += block) {
      float scale = E8M0.decode(row.get(ValueLayout.JAVA_BYTE, tile++));
      int stop = Math.min(from + block, n);
      int c = from;
      for (; c <= stop - L; c += L) {
        IntVector code =
            (IntVector)
                ByteVector.fromMemorySegment(B, row, at + c, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.B2I, I, 0);
        IntVector magnitude = code.and(0x7f);
        IntVector raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
        FloatVector y = raised.reinterpretAsFloats();
        IntVector bits = raised.min(y.add(y).sub(0x1p-6f).reinterpretAsInts());
        bits = bits.blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
        bits.or(code.and(0x80000000))
            .reinterpretAsFloats()
            .mul(scale)
            .intoArray(out, outOffset + c);
      }
      for (; c < stop; c++) {
        out[outOffset + c] = Fp8.decode(row.get(ValueLayout.JAVA_BYTE, at + c)) * scale;
      }
    }
  }

  static void unpackBf16(MemorySegment row, long at, int n, float[] out, int outOffset) {
    int i = 0;
    for (; i <= n - L; i += L) {
      IntVector bits =
          (IntVector)
              ShortVector.fromMemorySegment(S, row, at + 2L * i, LITTLE_ENDIAN)
                  .convertShape(VectorOperators.S2I, I, 0);
      bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(out, outOffset + i);
    }
    for (; i < n; i++) {
      short bits = row.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i);
      out[outOffset + i] = Bf16.decode(bits);
    }
  }

  /** Blocks of a multiple of sixteen E2M1 codes under E4M3 scales. */
  static void unpackFp4E4M3(
      MemorySegment row, long at, int n, int block, float[] out, int outOffset) {
    long tile = at + n / 2;
    for (int from = 0; from < n; from += block) {
      float scale = Fp8.decode(row.get(ValueLayout.JAVA_BYTE, tile++));
      int stop = Math.min(from + block, n);
      for (int c = from; c < stop; c += 16) {
        long codes = row.get(Layouts.LONG, at + (c >> 1));
        IntVector words = IntVector.broadcast(I, (int) codes);
        IntVector second = IntVector.broadcast(I, (int) (codes >>> 32));
        if (L == 16) {
          words = words.blend(second, SECOND).lanewise(VectorOperators.LSHR, SHIFTS).and(15);
          words.selectFrom(LOW).reinterpretAsFloats().mul(scale).intoArray(out, outOffset + c);
        } else {
          words = words.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
          second = second.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
          words = words.selectFrom(LOW, HIGH);
          second = second.selectFrom(LOW, HIGH);
          words.reinterpretAsFloats().mul(scale).intoArray(out, outOffset + c);
          second.reinterpretAsFloats().mul(scale).intoArray(out, outOffset + c + 8);
        }
      }
    }
  }
}
