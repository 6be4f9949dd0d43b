package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/** Attention parameters (spec 3.2, 3.5); the sink is one logit a head. */
public record AttentionWeights(
    Matrix wqA,
    float[] qNorm,
    Matrix wqB,
    Matrix wkv,
    float[] kvNorm,
    Matrix woA,
    Matrix woB,
    float[] sink,
    @Nullable CompressorWeights compressor,
    @Nullable IndexKeyWeights indexKeys,
    @Nullable IndexerWeights indexer) {}
