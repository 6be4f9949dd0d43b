package io.hadal.model.config;

/**
 * Lightning indexer (V4 spec 4.4).
 *
 * @param topK compressed entries a query attends to
 */
public record IndexerConfig(int heads, int headDim, int topK) {

  /** Factor on the head weights. */
  public float weightScale() {
    return (float) (1.0 / (Math.sqrt(headDim) * Math.sqrt(heads)));
  }
}
