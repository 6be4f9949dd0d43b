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

/** MXFP4. */
final class Mxfp4VectorDecoder implements RowDecoder {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final IntVector LOW = Nibbles.low(Grids.DOUBLED_E2M1);
  private static final IntVector HIGH = Nibbles.high(Grids.DOUBLED_E2M1);

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    MemorySegment data = w.data();
    long at = w.rowBytes() * row + (long) (from / 32) * 17;
    for (int o = outOffset; o < outOffset + count; o += 32) {

      float half = Grids.mxfp4HalfScale(data.get(ValueLayout.JAVA_BYTE, at) & 0xff);
      for (int i = 0; i < 16; i += L) {
        IntVector q =
            ((IntVector)
                ByteVector.fromMemorySegment(B, data, at + 1 + i, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0));
        IntVector index = q.and(15);
        index = L == 16 ? index.selectFrom(LOW) : index.selectFrom(LOW, HIGH);
        index.reinterpretAsFloats().mul(half).intoArray(out, o + i);
        index = q.lanewise(VectorOperators.LSHR, 4);
        index = L == 16 ? index.selectFrom(LOW) : index.selectFrom(LOW, HIGH);
        index.reinterpretAsFloats().mul(half).intoArray(out, o + 16 + i);
      }
      at += 17;
    }
  }
}
