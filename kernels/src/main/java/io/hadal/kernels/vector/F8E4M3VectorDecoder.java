package io.hadal.kernels.vector;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Fp8;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.RowDecoder;
import io.hadal.kernels.scalar.TileScales;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * E4M3 by integer arithmetic, as in {@link F16VectorDecoder}: fields moved up, bias raised by 120,
 * subnormals by {@code 2y - 2^-6}.
 */
final class F8E4M3VectorDecoder implements RowDecoder {
  private static final VectorSpecies<Byte> B = Width.B;
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    BlockScales scales = TileScales.of(w);
    MemorySegment data = w.data();
    long first = TileScales.firstTile(w, scales, row);
    long at = w.rowBytes() * row;
    int end = from + count;
    int c = from;
    while (c < end) {
      int tile = c / scales.tileCols();
      int stop = (int) Math.min(end, (tile + 1L) * scales.tileCols());
      float scale = TileScales.scale(scales, first + tile);
      int vectors = stop - (stop - c) % L;
      for (; c < vectors; c += L) {
        IntVector code =
            (IntVector)
                ByteVector.fromMemorySegment(B, data, at + c, LITTLE_ENDIAN)
                    .convertShape(VectorOperators.B2I, I, 0);
        IntVector magnitude = code.and(0x7f);
        IntVector raised = magnitude.lanewise(VectorOperators.LSHL, 20).add(120 << 23);
        FloatVector y = raised.reinterpretAsFloats();
        IntVector bits = raised.min(y.add(y).sub(0x1p-6f).reinterpretAsInts());
        bits = bits.blend(0x7fc00000, magnitude.compare(VectorOperators.EQ, 0x7f));
        bits.or(code.and(0x80000000))
            .reinterpretAsFloats()
            .mul(scale)
            .intoArray(out, outOffset + c - from);
      }
      for (; c < stop; c++) {
        out[outOffset + c - from] = scale * Fp8.decode(data.get(ValueLayout.JAVA_BYTE, at + c));
      }
    }
  }
}
