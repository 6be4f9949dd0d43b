package io.hadal.kernels.scalar;

import io.hadal.kernels.BlockScales;
import io.hadal.kernels.Fp4;
import io.hadal.kernels.Matrix;
import java.lang.foreign.ValueLayout;

/** E2M1 codes, low nibble = even column, times the scale of their tile. */
final class Fp4E2M1Decoder implements RowDecoder {

  @Override
  public void decode(Matrix w, int row, int from, int count, float[] out, int outOffset) {
    BlockScales scales = TileScales.of(w);
    long first = TileScales.firstTile(w, scales, row);
    long at = w.rowBytes() * row;
    int end = from + count;
    for (int c = from; c < end; ) {
      int tile = c / scales.tileCols();
      int stop = (int) Math.min(end, (tile + 1L) * scales.tileCols());
      float scale = TileScales.scale(scales, first + tile);
      for (; c < stop; c++) {
        int pair = w.data().get(ValueLayout.JAVA_BYTE, at + (c >> 1));
        out[outOffset + c - from] = scale * Fp4.decode(pair >> (c & 1) * 4);
      }
    }
  }
}
