package io.hadal.model.weights;

import io.hadal.kernels.Matrix;

/**
 * Lightning indexer (spec 4.4).
 *
 * @param wqB queries from the query latent
 * @param weightsProj head weights from the block input
 * @param keys compressor of the index keys
 */
public record IndexerWeights(Matrix wqB, Matrix weightsProj, CompressorWeights keys) {}
