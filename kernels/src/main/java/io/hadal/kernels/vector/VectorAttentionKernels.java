package io.hadal.kernels.vector;

import io.hadal.kernels.AttentionKernels;
import io.hadal.kernels.KeyTile;
import io.hadal.kernels.scalar.Lanes;
import io.hadal.kernels.scalar.ScalarAttentionKernels;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Attention kernels on the Vector API; bits as {@link ScalarAttentionKernels}. */
public final class VectorAttentionKernels implements AttentionKernels {
  private static final int COLS = 2 * Width.LENGTH;

  /** Queries of a tile: sixteen accumulators where there are 32 registers, else eight. */
  private static final int GROUP = Width.BITS == 512 ? 8 : 4;

  private static final int STRIDE = GROUP * COLS;

  private final ScalarAttentionKernels scalar = new ScalarAttentionKernels();

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
    float[] lanes = Scratch.get().lanes(Lanes.COUNT * STRIDE);
    Arrays.fill(scores, scoresOffset, scoresOffset + KeyTile.KEYS, 0);
    for (int c = 0; c < KeyTile.KEYS; c += COLS) {
      int group;
      for (int h = 0; h < heads; h += group) {
        int left = heads - h;
        group = left >= GROUP ? GROUP : Math.min(4, left);
        dots(q, qOffset + h * width, group, width, keys, c, lanes);
        int w = weightsOffset + h;
        if (bf16) {
          ScoreTiles.weighRounded(lanes, STRIDE, group, weights, w, scores, scoresOffset + c);
        } else {
          ScoreTiles.weigh(lanes, STRIDE, group, weights, w, scores, scoresOffset + c);
        }
      }
    }
    if (bf16) {
      ElementOps.roundBf16(scores, scoresOffset, KeyTile.KEYS);
    }
  }

  private static void dots(
      float[] q, int qAt, int group, int width, float[] keys, int col, float[] lanes) {
    // Queries past the end repeat the last one; their results are dropped.
    int q1 = Math.min(1, group - 1) * width;
    int q2 = Math.min(2, group - 1) * width;
    int q3 = Math.min(3, group - 1) * width;
    int row = 0;
    for (int l = 0; l < Lanes.COUNT; l++) {
      int next = KeyTile.laneStart(l + 1, width);
      int key = row * KeyTile.KEYS + col;
      int a = qAt + l;
      if (group == 8) {
        ScoreTiles.lane8x2(q, a, width, keys, key, KeyTile.KEYS, next - row, lanes, l * STRIDE);
      } else {
        ScoreTiles.lane4x2(
            q, a, a + q1, a + q2, a + q3, keys, key, KeyTile.KEYS, next - row, lanes, l * STRIDE);
      }
      row = next;
    }
  }

  @Override
  public void unpackKeys(MemorySegment tile, int width, float[] keys) {
    if (Width.LENGTH < 8 || width % 32 != 0) {
      scalar.unpackKeys(tile, width, keys);
    } else {
      PackedRows.unpackKeys(tile, width, keys);
    }
  }

  @Override
  public void unpackKeyBytes(MemorySegment tile, int width, int[] words) {
    if (Width.LENGTH < 8 || width % 32 != 0) {
      scalar.unpackKeyBytes(tile, width, words);
    } else {
      KeyBytes.unpack(tile, width, words);
    }
  }

  @Override
  public void unpackFp8(
      MemorySegment row, long at, int codes, int rest, int block, float[] out, int outOffset) {
    if (Width.LENGTH < 8) {
      scalar.unpackFp8(row, at, codes, rest, block, out, outOffset);
    } else {
      PackedRows.unpackFp8(row, at, codes, at + codes + 2L * rest, block, out, outOffset);
      PackedRows.unpackBf16(row, at + codes, rest, out, outOffset + codes);
    }
  }

  @Override
  public void unpackFp4E4M3(
      MemorySegment row, long at, int n, int block, float[] out, int outOffset) {
    if (Width.LENGTH < 8 || block % 16 != 0 || n % 16 != 0) {
      scalar.unpackFp4E4M3(row, at, n, block, out, outOffset);
    } else {
      PackedRows.unpackFp4E4M3(row, at, n, block, out, outOffset);
    }
  }

  @Override
  public void roundFp8(float[] x, int offset, int n, int block) {
    BlockRounding.roundFp8(x, offset, n, block);
  }

  @Override
  public void roundFp4(float[] x, int offset, int n, int block) {
    BlockRounding.roundFp4(x, offset, n, block);
  }

  @Override
  public void roundFp4E4M3(float[] x, int offset, int n, int block) {
    BlockRounding.roundFp4E4M3(x, offset, n, block);
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
    int whole = from;
    if (streams == 4) {
      whole = to - (to - from) % Width.LENGTH;
      ElementOps.expand4(
          comb, combOffset, post, postOffset, x, xOffset, width, y, yOffset, from, whole, out);
    }
    scalar.expandStreams(
        comb, combOffset, post, postOffset, streams, x, xOffset, width, y, yOffset, whole, to, out);
  }
}
