package io.hadal.kernels;

import java.lang.foreign.MemorySegment;

/** Vector kernels, and plain ones in their place while a {@link KernelGate} is held. */
final class StartingByteScores implements ByteScores {
  private final ByteScores vector;
  private final ByteScores plain;

  StartingByteScores(ByteScores vector, ByteScores plain) {
    this.vector = vector;
    this.plain = plain;
  }

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
    ByteScores kernels = KernelGate.of(KernelGate.Operation.INDEX_SCORES).open() ? vector : plain;
    kernels.scores(q, fromToken, tokens, tile, keys, scores, at, stride);
  }
}
