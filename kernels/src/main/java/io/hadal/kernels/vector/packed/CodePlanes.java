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
 * Planes of codes to f32 integers, one vector of rows by 32 columns a call: {@code panel[to + 32 k
 * + lane] = sub[k / 16] * code - less[k / 16]}, or {@code sub * table[code]}.
 */
final class CodePlanes {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Float> F = Width.F;
  private static final int ROWS = PanelProduct.ROWS;
  private static final IntVector E0 = CodeTable.part(Grids.DOUBLED_E2M1, 0);
  private static final IntVector E1 = CodeTable.part(Grids.DOUBLED_E2M1, 1);
  private static final IntVector E2 = CodeTable.part(Grids.DOUBLED_E2M1, 2);
  private static final IntVector E3 = CodeTable.part(Grids.DOUBLED_E2M1, 3);
  private static final IntVector Q0 = CodeTable.part(Grids.IQ4, 0);
  private static final IntVector Q1 = CodeTable.part(Grids.IQ4, 1);
  private static final IntVector Q2 = CodeTable.part(Grids.IQ4, 2);
  private static final IntVector Q3 = CodeTable.part(Grids.IQ4, 3);

  private CodePlanes() {}

  static void e2m1(MemorySegment w, long p, float[] panel, int to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      for (int i = 0; i < 8; i++) {
        ((FloatVector)
                CodeTable.lookup(v.lanewise(LSHR, 4 * i).and(15), E0, E1, E2, E3).convert(I2F, 0))
            .intoArray(panel, to + (8 * k + i) * ROWS);
      }
    }
  }

  static void iq4(MemorySegment w, long p, float[] sub, int s, float[] panel, int to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      for (int i = 0; i < 8; i++) {
        ((FloatVector)
                CodeTable.lookup(v.lanewise(LSHR, 4 * i).and(15), Q0, Q1, Q2, Q3).convert(I2F, 0))
            .mul(scale)
            .intoArray(panel, to + (8 * k + i) * ROWS);
      }
    }
  }

  static void nibbles(
      MemorySegment w, long p, float less, float[] sub, int s, float[] panel, int to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      FloatVector minus = scale.mul(-less);
      for (int i = 0; i < 8; i++) {
        ((FloatVector) v.lanewise(LSHR, 4 * i).and(15).convert(I2F, 0))
            .fma(scale, minus)
            .intoArray(panel, to + (8 * k + i) * ROWS);
      }
    }
  }

  /** Nibbles with a fifth bit. */
  static void fifths(
      MemorySegment w, long p, float less, float[] sub, int s, float[] panel, int to) {
    IntVector high = IntVector.fromMemorySegment(I, w, p + 256, LITTLE_ENDIAN);
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      FloatVector minus = scale.mul(-less);
      for (int i = 0; i < 8; i++) {
        IntVector h = high.lanewise(LSHR, 8 * (i >> 1) + 2 * k + (i & 1)).and(1);
        ((FloatVector) v.lanewise(LSHR, 4 * i).and(15).or(h.lanewise(LSHL, 4)).convert(I2F, 0))
            .fma(scale, minus)
            .intoArray(panel, to + (8 * k + i) * ROWS);
      }
    }
  }

  /** Nibbles with two more bits. */
  static void sixths(
      MemorySegment w, long p, float less, float[] sub, int s, float[] panel, int to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      IntVector high = IntVector.fromMemorySegment(I, w, p + 256 + 64 * (k >> 1), LITTLE_ENDIAN);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      FloatVector minus = scale.mul(-less);
      for (int i = 0; i < 8; i++) {
        IntVector h = high.lanewise(LSHR, 8 * (i >> 1) + 4 * (k & 1) + 2 * (i & 1)).and(3);
        ((FloatVector) v.lanewise(LSHR, 4 * i).and(15).or(h.lanewise(LSHL, 4)).convert(I2F, 0))
            .fma(scale, minus)
            .intoArray(panel, to + (8 * k + i) * ROWS);
      }
    }
  }

  /** Two bits. */
  static void pairs(MemorySegment w, long p, float[] sub, int s, float[] panel, int to) {
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * (k >> 1), LITTLE_ENDIAN);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      for (int i = 0; i < 8; i++) {
        ((FloatVector)
                v.lanewise(LSHR, 8 * (i >> 1) + 4 * (k & 1) + 2 * (i & 1)).and(3).convert(I2F, 0))
            .mul(scale)
            .intoArray(panel, to + (8 * k + i) * ROWS);
      }
    }
  }

  /** Two bits and a third. */
  static void thirds(
      MemorySegment w, long p, float less, float[] sub, int s, float[] panel, int to) {
    IntVector high = IntVector.fromMemorySegment(I, w, p + 128, LITTLE_ENDIAN);
    for (int k = 0; k < 4; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * (k >> 1), LITTLE_ENDIAN);
      FloatVector scale = FloatVector.fromArray(F, sub, s + (k >> 1) * 16);
      FloatVector minus = scale.mul(-less);
      for (int i = 0; i < 8; i++) {
        IntVector h = high.lanewise(LSHR, 8 * (i >> 1) + 2 * k + (i & 1)).and(1);
        IntVector c = v.lanewise(LSHR, 8 * (i >> 1) + 4 * (k & 1) + 2 * (i & 1)).and(3);
        ((FloatVector) c.or(h.lanewise(LSHL, 2)).convert(I2F, 0))
            .fma(scale, minus)
            .intoArray(panel, to + (8 * k + i) * ROWS);
      }
    }
  }

  /** Signed bytes. */
  static void bytes(MemorySegment w, long p, float[] panel, int to) {
    for (int k = 0; k < 8; k++) {
      IntVector v = IntVector.fromMemorySegment(I, w, p + 64 * k, LITTLE_ENDIAN);
      for (int i = 0; i < 4; i++) {
        ((FloatVector) v.lanewise(LSHL, 24 - 8 * i).lanewise(ASHR, 24).convert(I2F, 0))
            .intoArray(panel, to + (4 * k + i) * ROWS);
      }
    }
  }
}
