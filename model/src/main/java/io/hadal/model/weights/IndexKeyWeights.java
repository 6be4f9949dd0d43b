package io.hadal.model.weights;

import io.hadal.kernels.Matrix;

/** Key side of the lightning indexer. */
public sealed interface IndexKeyWeights {

  /** Keys from a compressor of their own (V4 spec 4.4). */
  record Compressed(CompressorWeights compressor) implements IndexKeyWeights {}

  /** Keys from the latent of the layer's entries (V4.1 spec 4.2). */
  record Projected(Matrix wk, float[] norm) implements IndexKeyWeights {}
}
