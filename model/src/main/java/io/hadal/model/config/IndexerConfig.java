package io.hadal.model.config;

import org.jspecify.annotations.Nullable;

/**
 * Lightning indexer (V4 spec 4.4, V4.1 spec 4.2).
 *
 * @param topK compressed entries a query attends to
 * @param keys where index keys come from
 * @param candidates first level of a two-level choice, null for none
 */
public record IndexerConfig(
    int heads, int headDim, int topK, Keys keys, @Nullable Candidates candidates) {

  /** Source of the index keys. */
  public enum Keys {
    /** A compressor of their own; queries and keys pass a Hadamard transform. */
    COMPRESSED,
    /** A projection of the layer's compressed latent. */
    PROJECTED
  }

  /**
   * Blocks that later indexers over the same entries may choose from.
   *
   * @param source layer that scores the blocks
   * @param blocks most blocks kept
   * @param blockSize entries of a block
   */
  public record Candidates(int source, int blocks, int blockSize) {}

  /** Factor on the head weights. */
  public float weightScale() {
    return (float) (1.0 / (Math.sqrt(headDim) * Math.sqrt(heads)));
  }
}
