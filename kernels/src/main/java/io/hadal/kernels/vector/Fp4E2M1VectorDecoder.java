package io.hadal.kernels.vector;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Fp4;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.scalar.RowDecoder;
import io.hadal.kernels.scalar.TileScales;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** E2M1, sixteen codes from eight bytes: lane i shifts its nibble down. */
final class Fp4E2M1VectorDecoder implements RowDecoder {
  private static final VectorSpecies<Integer> I = Width.I;
  private static final int L = Width.LENGTH;
  private static final IntVector SHIFTS = IntVector.broadcast(I, 0).addIndex(4).and(28);

  /** Lanes that read the second word of eight nibbles. */
  private static final VectorMask<Integer> SECOND = VectorMask.fromLong(I, L == 16 ? 0xff00 : 0);

  private static final IntVector LOW = Nibbles.low(Fp4.values());
  private static final IntVector HIGH = Nibbles.high(Fp4.values());

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
      int vectors = (c & 1) == 0 ? stop - (stop - c) % 16 : c;
      for (; c < vectors; c += 16) {
        long codes = data.get(Layouts.LONG, at + (c >> 1));
        int o = outOffset + c - from;
        IntVector words = IntVector.broadcast(I, (int) codes);
        IntVector second = IntVector.broadcast(I, (int) (codes >>> 32));
        if (L == 16) {
          store(words.blend(second, SECOND), scale, out, o);
        } else {
          store(words, scale, out, o);
          store(second, scale, out, o + 8);
        }
      }
      for (; c < stop; c++) {
        int pair = data.get(ValueLayout.JAVA_BYTE, at + (c >> 1));
        out[outOffset + c - from] = scale * Fp4.decode(pair >> (c & 1) * 4);
      }
    }
  }

  private static void store(IntVector words, float scale, float[] out, int at) {
    IntVector index = words.lanewise(VectorOperators.LSHR, SHIFTS).and(15);
    index = L == 16 ? index.selectFrom(LOW) : index.selectFrom(LOW, HIGH);
    FloatVector v = index.reinterpretAsFloats();
    v.mul(scale).intoArray(out, at);
  }
}
