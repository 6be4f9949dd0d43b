package io.hadal.kernels.scalar;

import io.hadal.kernels.ByteQueries;
import io.hadal.kernels.ByteScores;
import io.hadal.kernels.ByteTile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The reference: one key at a time in plain Java. */
public final class ScalarByteScores implements ByteScores {

  @Override
  public void scores(
      ByteQueries q,
      int fromToken,
      int tokens,
      MemorySegment tile,
      int keys,
      float[] scores,
      int at,
      int stride) {
    int padded = q.padded();
    byte[] key = new byte[padded];
    for (int j = 0; j < keys; j++) {
      for (int k = 0; k < padded; k++) {
        key[k] = tile.get(ValueLayout.JAVA_BYTE, ByteTile.code(j, k));
      }
      float scale = tile.get(ValueLayout.JAVA_FLOAT_UNALIGNED, ByteTile.scale(j, padded));
      for (int t = 0; t < tokens; t++) {
        int head = (fromToken + t) * q.heads();
        float sum = 0;
        for (int h = 0; h < q.heads(); h++) {
          int dot = 0;
          int from = (head + h) * padded;
          for (int k = 0; k < padded; k++) {
            dot += key[k] * ((q.codes()[from + k] & 0xff) - 128);
          }
          sum = Math.fma((float) Math.max(dot, 0), q.weights()[head + h], sum);
        }
        scores[at + t * stride + j] = sum * scale;
      }
    }
  }
}
