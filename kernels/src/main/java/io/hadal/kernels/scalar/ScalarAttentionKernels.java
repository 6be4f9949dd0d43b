package io.hadal.kernels.scalar;

import io.hadal.kernels.AttentionKernels;
import io.hadal.kernels.Bf16;
import io.hadal.kernels.BlockQuantizer;
import io.hadal.kernels.ByteTile;
import io.hadal.kernels.E8M0;
import io.hadal.kernels.Fp4;
import io.hadal.kernels.KeyTile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The reference: one value at a time in plain Java. */
public final class ScalarAttentionKernels implements AttentionKernels {

  @Override
  public void indexScores(
      float[] q,
      int qOffset,
      int heads,
      int width,
      float[] weights,
      int weightsOffset,
      float[] keys,
      boolean bf16,
      float[] scores,
      int scoresOffset) {
    float[] key = new float[width];
    float[] lanes = new float[Lanes.COUNT];
    for (int j = 0; j < KeyTile.KEYS; j++) {
      for (int k = 0; k < width; k++) {
        key[k] = keys[KeyTile.row(k, width) * KeyTile.KEYS + j];
      }
      float sum = 0;
      for (int h = 0; h < heads; h++) {
        float dot = Lanes.dot(q, qOffset + h * width, key, 0, width, lanes);
        float w = weights[weightsOffset + h];
        if (bf16) {
          sum += Bf16.round(Math.max(Bf16.round(dot), 0) * w);
        } else {
          sum = Math.fma(Math.max(dot, 0), w, sum);
        }
      }
      scores[scoresOffset + j] = bf16 ? Bf16.round(sum) : sum;
    }
  }

  @Override
  public void unpackKeys(MemorySegment tile, int width, float[] keys) {
    for (int k = 0; k < width; k++) {
      int row = KeyTile.row(k, width);
      for (int j = 0; j < KeyTile.KEYS; j++) {
        int pair = tile.get(ValueLayout.JAVA_BYTE, KeyTile.fp4Code(j, k, width));
        float scale = E8M0.decode(tile.get(ValueLayout.JAVA_BYTE, KeyTile.fp4Scale(j, k, width)));
        keys[row * KeyTile.KEYS + j] = Fp4.decode(pair >> (row & 1) * 4) * scale;
      }
    }
  }

  @Override
  public void unpackKeyBytes(MemorySegment tile, int width, int[] words) {
    MemorySegment bytes = MemorySegment.ofArray(words);
    for (int j = 0; j < KeyTile.KEYS; j++) {
      int largest = 0;
      for (int k = 0; k < width; k += 32) {
        largest = Math.max(largest, keyScale(tile, j, k, width));
      }
      for (int k = 0; k < ByteTile.padded(width); k++) {
        bytes.set(
            ValueLayout.JAVA_BYTE,
            ByteTile.code(j, k),
            k < width ? keyByte(tile, j, k, width, largest) : 0);
      }
      bytes.set(
          ValueLayout.JAVA_FLOAT_UNALIGNED,
          ByteTile.scale(j, width),
          E8M0.decode((byte) largest) * ByteTile.FP4_UNIT);
    }
  }

  private static int keyScale(MemorySegment tile, int j, int k, int width) {
    return tile.get(ValueLayout.JAVA_BYTE, KeyTile.fp4Scale(j, k, width)) & 0xff;
  }

  private static byte keyByte(MemorySegment tile, int j, int k, int width, int largest) {
    int pair = tile.get(ValueLayout.JAVA_BYTE, KeyTile.fp4Code(j, k, width));
    int code = pair >> (KeyTile.row(k, width) & 1) * 4;
    int shift = ByteTile.FP4_SHIFT - (largest - keyScale(tile, j, k, width));
    int twice = (int) (2 * Fp4.decode(code & 7));
    int right = Math.min(7, Math.max(0, -shift));
    int magnitude = shift >= 0 ? twice << shift : twice + (1 << right >> 1) >> right;
    return (byte) ((code & 8) == 0 ? magnitude : -magnitude);
  }

  @Override
  public void unpackFp8(
      MemorySegment row, long at, int codes, int rest, int block, float[] out, int outOffset) {
    long scales = at + codes + 2L * rest;
    BlockQuantizer.unpackFp8(row, at, row, scales, codes, block, out, outOffset);
    for (int i = 0; i < rest; i++) {
      short bits = row.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + codes + 2L * i);
      out[outOffset + codes + i] = Bf16.decode(bits);
    }
  }

  @Override
  public void unpackFp4E4M3(
      MemorySegment row, long at, int n, int block, float[] out, int outOffset) {
    BlockQuantizer.unpackFp4E4M3(row, at, row, at + (n + 1) / 2, n, block, out, outOffset);
  }

  @Override
  public void roundFp8(float[] x, int offset, int n, int block) {
    BlockQuantizer.roundFp8(x, offset, n, block);
  }

  @Override
  public void roundFp4(float[] x, int offset, int n, int block) {
    BlockQuantizer.roundFp4(x, offset, n, block);
  }

  @Override
  public void roundFp4E4M3(float[] x, int offset, int n, int block) {
    BlockQuantizer.roundFp4E4M3(x, offset, n, block);
  }

  @Override
  public void expandStreams(
      float[] comb,
      int combOffset,
      float[] post,
      int postOffset,
      int streams,
      float[] x,
      int xOffset,
      int width,
      float[] y,
      int yOffset,
      int from,
      int to,
      float[] out) {
    for (int k = 0; k < streams; k++) {
      float p = post[postOffset + k];
      for (int c = from; c < to; c++) {
        float sum = 0;
        for (int j = 0; j < streams; j++) {
          sum = Math.fma(comb[combOffset + j * streams + k], x[xOffset + j * width + c], sum);
        }
        out[xOffset + k * width + c] = Math.fma(p, y[yOffset + c], sum);
      }
    }
  }
}
