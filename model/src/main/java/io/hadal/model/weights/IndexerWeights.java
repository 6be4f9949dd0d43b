package io.hadal.model.weights;

import io.hadal.kernels.Matrix;

/**
 * Query side of the lightning indexer (V4 spec 4.4).
 *
 * @param wqB queries from the query latent
 * @param weightsProj head weights from the block input
 */
public record IndexerWeights(Matrix wqB, Matrix weightsProj) {}
