package io.hadal.kernels.vector.packed;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.vector.Width;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Scales of sixteen rows as f32. */
final class UnitScales {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final VectorSpecies<Short> S = Width.S;
  private static final VectorSpecies<Byte> B = Width.B;
  private static final int L = Width.LENGTH;

  private UnitScales() {}

  /** {@code out[i] = factor * f16} for one vector of rows. */
  static void half(MemorySegment w, long at, float factor, float[] out, int to) {
    IntVector bits =
        (IntVector)
            ShortVector.fromMemorySegment(S, w, at, LITTLE_ENDIAN)
                .convertShape(VectorOperators.S2I, I, 0);
    bits.and(0x7fff)
        .lanewise(VectorOperators.LSHL, 13)
        .reinterpretAsFloats()
        .mul(0x1p112f)
        .mul(factor)
        .reinterpretAsInts()
        .or(bits.and(0x8000).lanewise(VectorOperators.LSHL, 16))
        .reinterpretAsFloats()
        .intoArray(out, to);
  }

  /** f16 of sixteen rows. */
  static void halves(MemorySegment w, long at, float factor, float[] out, int to) {
    for (int i = 0; i < 16; i += L) {
      half(w, at + 2 * i, factor, out, to + i);
    }
  }

  /** Halves of E8M0 scales, those below 2^-126 as 0. */
  static void e8m0(MemorySegment w, long at, float[] out, int to) {
    for (int i = 0; i < 16; i += L) {
      ((IntVector)
              ByteVector.fromMemorySegment(B, w, at + i, LITTLE_ENDIAN)
                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0))
          .sub(1)
          .max(0)
          .lanewise(VectorOperators.LSHL, 23)
          .reinterpretAsFloats()
          .intoArray(out, to + i);
    }
  }

  /** Signed bytes of sixteen rows; the same again {@code copy} further, when not 0. */
  static void signed(MemorySegment w, long at, float[] out, int to, int copy) {
    for (int i = 0; i < 16; i += L) {
      FloatVector v =
          (FloatVector)
              ByteVector.fromMemorySegment(B, w, at + i, LITTLE_ENDIAN)
                  .convertShape(VectorOperators.B2F, Width.F, 0);
      v.intoArray(out, to + i);
      v.intoArray(out, to + copy + i);
    }
  }

  /** {@code times * (byte >> shift & mask) + plus} of sixteen rows; copies as {@link #signed}. */
  static void bits(
      MemorySegment w,
      long at,
      int shift,
      int mask,
      int times,
      int plus,
      float[] out,
      int to,
      int copy) {
    for (int i = 0; i < 16; i += L) {
      IntVector v =
          (IntVector)
              ByteVector.fromMemorySegment(B, w, at + i, LITTLE_ENDIAN)
                  .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
      FloatVector f =
          (FloatVector)
              v.lanewise(VectorOperators.LSHR, shift)
                  .and(mask)
                  .mul(times)
                  .add(plus)
                  .convert(VectorOperators.I2F, 0);
      f.intoArray(out, to + i);
      f.intoArray(out, to + copy + i);
    }
  }
}
