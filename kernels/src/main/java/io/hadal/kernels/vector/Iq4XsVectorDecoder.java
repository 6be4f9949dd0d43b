package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.Grids;
import io.hadal.kernels.scalar.RowDecoder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** IQ4_XS. */
final class Iq4XsVectorDecoder implements RowDecoder {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final IntVector LOW = Nibbles.low(Grids.IQ4);
  private static final IntVector HIGH = Nibbles.high(Grids.IQ4);

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 256) * 136;
    for (int o = outOffset; o < outOffset + count; o += 256) {

      float d = Float.float16ToFloat(data.get(Layouts.SHORT, at));
      int highBits = data.get(Layouts.SHORT, at + 2) & 0xffff;
      for (int g = 0; g < 8; g++) {
        int lowBits = data.get(ValueLayout.JAVA_BYTE, at + 4 + (g >> 1)) >> (g & 1) * 4 & 15;
        float scale = d * ((lowBits | (highBits >> 2 * g & 3) << 4) - 32);
        for (int i = 0; i < 16; i += L) {
          IntVector q =
              ((IntVector)
                  ByteVector.fromMemorySegment(B, data, at + 8 + 16 * g + i, LITTLE_ENDIAN)
                      .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0));
          IntVector index = q.and(15);
          index = L == 16 ? index.selectFrom(LOW) : index.selectFrom(LOW, HIGH);
          index.reinterpretAsFloats().mul(scale).intoArray(out, o + 32 * g + i);
          index = q.lanewise(VectorOperators.LSHR, 4);
          index = L == 16 ? index.selectFrom(LOW) : index.selectFrom(LOW, HIGH);
          index.reinterpretAsFloats().mul(scale).intoArray(out, o + 32 * g + 16 + i);
        }
      }
      at += 136;
    }
  }
}
