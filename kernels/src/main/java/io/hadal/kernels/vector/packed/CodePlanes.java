package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Planes of codes to f32 integers, one vector of rows by 32 columns a call: {@code sub[k / 16] *
 * (code - less)}, or {@code sub * table[code]}, to address {@code to + COLUMN * k}.
 *
 * <p>A code of n bits is put into the highest bits of the mantissa of 1, which makes {@code 1 +
 * code / 2^n}; one fused multiply-add, whose result is exact, makes an integer of it. That is a
 * shift and a logical operation instead of a shift, a mask and a conversion. Shifts are written
 * out: with a variable number of bits they take twice the time.
 */
final class CodePlanes {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int COLUMN = PanelProduct.COLUMN;

  /** Bits of 1f. */
  private static final int ONE = 0x3f800000;

  private static final int TOP4 = 0x00780000;
  private static final int TOP2 = 0x00600000;
  private static final int TOP1 = 0x00400000;
  private static final int BEHIND1 = 0x003c0000;
  private static final int BEHIND2 = 0x001e0000;
  private static final int PAIR_BEHIND1 = 0x00300000;

  private static final IntVector E0 = CodeTable.floats(Grids.DOUBLED_E2M1, 0);
  private static final IntVector E1 = CodeTable.floats(Grids.DOUBLED_E2M1, 1);
  private static final IntVector E2 = CodeTable.floats(Grids.DOUBLED_E2M1, 2);
  private static final IntVector E3 = CodeTable.floats(Grids.DOUBLED_E2M1, 3);
  private static final IntVector Q0 = CodeTable.floats(Grids.IQ4, 0);
  private static final IntVector Q1 = CodeTable.floats(Grids.IQ4, 1);
  private static final IntVector Q2 = CodeTable.floats(Grids.IQ4, 2);
  private static final IntVector Q3 = CodeTable.floats(Grids.IQ4, 3);

  private CodePlanes() {}

  static void e2m1(MemorySegment w, long p, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      long at = to + 8 * k * COLUMN;
      CodeTable.lookup(v, E0, E1, E2, E3)
          .reinterpretAsFloats()
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 4), E0, E1, E2, E3)
          .reinterpretAsFloats()
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 8), E0, E1, E2, E3)
          .reinterpretAsFloats()
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 12), E0, E1, E2, E3)
          .reinterpretAsFloats()
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 16), E0, E1, E2, E3)
          .reinterpretAsFloats()
          .intoMemorySegment(Scratch.MEMORY, at + 4 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 20), E0, E1, E2, E3)
          .reinterpretAsFloats()
          .intoMemorySegment(Scratch.MEMORY, at + 5 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 24), E0, E1, E2, E3)
          .reinterpretAsFloats()
          .intoMemorySegment(Scratch.MEMORY, at + 6 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 28), E0, E1, E2, E3)
          .reinterpretAsFloats()
          .intoMemorySegment(Scratch.MEMORY, at + 7 * COLUMN, LITTLE_ENDIAN);
    }
  }

  static void iq4(MemorySegment w, long p, float[] sub, int s, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      long at = to + 8 * k * COLUMN;
      CodeTable.lookup(v, Q0, Q1, Q2, Q3)
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 4), Q0, Q1, Q2, Q3)
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 8), Q0, Q1, Q2, Q3)
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 12), Q0, Q1, Q2, Q3)
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 16), Q0, Q1, Q2, Q3)
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 4 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 20), Q0, Q1, Q2, Q3)
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 5 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 24), Q0, Q1, Q2, Q3)
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 6 * COLUMN, LITTLE_ENDIAN);
      CodeTable.lookup(v.lanewise(LSHR, 28), Q0, Q1, Q2, Q3)
          .reinterpretAsFloats()
          .mul(scale)
          .intoMemorySegment(Scratch.MEMORY, at + 7 * COLUMN, LITTLE_ENDIAN);
    }
  }

  static void nibbles(MemorySegment w, long p, float less, float[] sub, int s, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      FloatVector minus = scale.mul(-16 - less);
      scale = scale.mul(16);
      long at = to + 8 * k * COLUMN;
      v.lanewise(LSHL, 19)
          .and(TOP4)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 15)
          .and(TOP4)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 11)
          .and(TOP4)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 7)
          .and(TOP4)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 3)
          .and(TOP4)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 4 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 1)
          .and(TOP4)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 5 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 5)
          .and(TOP4)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 6 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 9)
          .and(TOP4)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 7 * COLUMN, LITTLE_ENDIAN);
    }
  }

  /** Nibbles with a fifth bit. */
  static void fifths(MemorySegment w, long p, float less, float[] sub, int s, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      IntVector high =
          IntVector.fromMemorySegment(I, w, p + 256, LITTLE_ENDIAN).lanewise(LSHR, 2 * k);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      FloatVector minus = scale.mul(-32 - less);
      scale = scale.mul(32);
      long at = to + 8 * k * COLUMN;
      v.lanewise(LSHL, 18)
          .and(BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 22).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 14)
          .and(BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 21).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 10)
          .and(BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 14).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 6)
          .and(BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 13).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 2)
          .and(BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 6).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 4 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 2)
          .and(BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 5).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 5 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 6)
          .and(BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHR, 2).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 6 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 10)
          .and(BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHR, 3).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 7 * COLUMN, LITTLE_ENDIAN);
    }
  }

  /** Nibbles with two more bits. */
  static void sixths(MemorySegment w, long p, float less, float[] sub, int s, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      IntVector high =
          IntVector.fromMemorySegment(I, w, p + 256 + 64 * (k >> 1), LITTLE_ENDIAN)
              .lanewise(LSHR, 4 * (k & 1));
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      FloatVector minus = scale.mul(-64 - less);
      scale = scale.mul(64);
      long at = to + 8 * k * COLUMN;
      v.lanewise(LSHL, 17)
          .and(BEHIND2)
          .or(ONE)
          .or(high.lanewise(LSHL, 21).and(TOP2))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 13)
          .and(BEHIND2)
          .or(ONE)
          .or(high.lanewise(LSHL, 19).and(TOP2))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 9)
          .and(BEHIND2)
          .or(ONE)
          .or(high.lanewise(LSHL, 13).and(TOP2))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 5)
          .and(BEHIND2)
          .or(ONE)
          .or(high.lanewise(LSHL, 11).and(TOP2))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 1)
          .and(BEHIND2)
          .or(ONE)
          .or(high.lanewise(LSHL, 5).and(TOP2))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 4 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 3)
          .and(BEHIND2)
          .or(ONE)
          .or(high.lanewise(LSHL, 3).and(TOP2))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 5 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 7)
          .and(BEHIND2)
          .or(ONE)
          .or(high.lanewise(LSHR, 3).and(TOP2))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 6 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 11)
          .and(BEHIND2)
          .or(ONE)
          .or(high.lanewise(LSHR, 5).and(TOP2))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 7 * COLUMN, LITTLE_ENDIAN);
    }
  }

  /** Two bits. */
  static void pairs(MemorySegment w, long p, float[] sub, int s, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector v =
          IntVector.fromMemorySegment(I, w, p + 64 * (k >> 1), LITTLE_ENDIAN)
              .lanewise(LSHR, 4 * (k & 1));
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16).mul(4);
      FloatVector minus = scale.neg();
      long at = to + 8 * k * COLUMN;
      v.lanewise(LSHL, 21)
          .and(TOP2)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 19)
          .and(TOP2)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 13)
          .and(TOP2)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 11)
          .and(TOP2)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 5)
          .and(TOP2)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 4 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 3)
          .and(TOP2)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 5 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 3)
          .and(TOP2)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 6 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 5)
          .and(TOP2)
          .or(ONE)
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 7 * COLUMN, LITTLE_ENDIAN);
    }
  }

  /** Two bits and a third. */
  static void thirds(MemorySegment w, long p, float less, float[] sub, int s, long to) {
    for (int k = 0; k < 4; k++) {
      IntVector v =
          IntVector.fromMemorySegment(I, w, p + 64 * (k >> 1), LITTLE_ENDIAN)
              .lanewise(LSHR, 4 * (k & 1));
      IntVector high =
          IntVector.fromMemorySegment(I, w, p + 128, LITTLE_ENDIAN).lanewise(LSHR, 2 * k);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      FloatVector minus = scale.mul(-8 - less);
      scale = scale.mul(8);
      long at = to + 8 * k * COLUMN;
      v.lanewise(LSHL, 20)
          .and(PAIR_BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 22).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 18)
          .and(PAIR_BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 21).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 12)
          .and(PAIR_BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 14).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 10)
          .and(PAIR_BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 13).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 4)
          .and(PAIR_BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 6).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 4 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHL, 2)
          .and(PAIR_BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHL, 5).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 5 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 4)
          .and(PAIR_BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHR, 2).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 6 * COLUMN, LITTLE_ENDIAN);
      v.lanewise(LSHR, 6)
          .and(PAIR_BEHIND1)
          .or(ONE)
          .or(high.lanewise(LSHR, 3).and(TOP1))
          .reinterpretAsFloats()
          .fma(scale, minus)
          .intoMemorySegment(Scratch.MEMORY, at + 7 * COLUMN, LITTLE_ENDIAN);
    }
  }

  /** Signed bytes. */
  static void bytes(MemorySegment w, long p, long to) {
    for (int k = 0; k < 8; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      long at = to + 4 * k * COLUMN;
      ((FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0))
          .intoMemorySegment(Scratch.MEMORY, at + 0 * COLUMN, LITTLE_ENDIAN);
      ((FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0))
          .intoMemorySegment(Scratch.MEMORY, at + 1 * COLUMN, LITTLE_ENDIAN);
      ((FloatVector) v.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0))
          .intoMemorySegment(Scratch.MEMORY, at + 2 * COLUMN, LITTLE_ENDIAN);
      ((FloatVector) v.lanewise(ASHR, 24).convert(I2F, 0))
          .intoMemorySegment(Scratch.MEMORY, at + 3 * COLUMN, LITTLE_ENDIAN);
    }
  }
}
