package io.hadal.kernels;

import java.lang.foreign.MemorySegment;

/** Vector kernels, and plain ones in their place where a {@link KernelGate} is held. */
final class StartingAttentionKernels implements AttentionKernels {
  private final AttentionKernels vector;
  private final AttentionKernels plain;

  StartingAttentionKernels(AttentionKernels vector, AttentionKernels plain) {
    this.vector = vector;
    this.plain = plain;
  }

  private AttentionKernels by(KernelGate.Operation operation) {
    return KernelGate.of(operation).open() ? vector : plain;
  }

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
    by(KernelGate.Operation.INDEX_SCORES)
        .indexScores(
            q, qOffset, heads, width, weights, weightsOffset, keys, bf16, scores, scoresOffset);
  }

  @Override
  public void unpackKeys(MemorySegment tile, int width, float[] keys) {
    vector.unpackKeys(tile, width, keys);
  }

  @Override
  public void unpackKeyBytes(MemorySegment tile, int width, int[] words) {
    by(KernelGate.Operation.INDEX_SCORES).unpackKeyBytes(tile, width, words);
  }

  @Override
  public void unpackFp8(
      MemorySegment row, long at, int codes, int rest, int block, float[] out, int outOffset) {
    by(KernelGate.Operation.UNPACK_ROWS).unpackFp8(row, at, codes, rest, block, out, outOffset);
  }

  @Override
  public void unpackFp4E4M3(
      MemorySegment row, long at, int n, int block, float[] out, int outOffset) {
    by(KernelGate.Operation.UNPACK_ROWS).unpackFp4E4M3(row, at, n, block, out, outOffset);
  }

  @Override
  public void roundFp8(float[] x, int offset, int n, int block) {
    by(KernelGate.Operation.ROUND_ROWS).roundFp8(x, offset, n, block);
  }

  @Override
  public void roundFp4(float[] x, int offset, int n, int block) {
    by(KernelGate.Operation.ROUND_ROWS).roundFp4(x, offset, n, block);
  }

  @Override
  public void roundFp4E4M3(float[] x, int offset, int n, int block) {
    by(KernelGate.Operation.ROUND_ROWS).roundFp4E4M3(x, offset, n, block);
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
    by(KernelGate.Operation.EXPAND_STREAMS)
        .expandStreams(
            comb,
            combOffset,
            post,
            postOffset,
            streams,
            x,
            xOffset,
            width,
            y,
            yOffset,
            from,
            to,
            out);
  }
}
