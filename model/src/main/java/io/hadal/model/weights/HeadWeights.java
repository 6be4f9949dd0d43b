package io.hadal.model.weights;

import io.hadal.kernels.Matrix;

/**
 * From streams to logits (spec 2.3).
 *
 * @param collapse mHC head
 * @param norm final RMS norm
 * @param head {@code [vocab, hidden]}
 */
public record HeadWeights(HyperWeights collapse, float[] norm, Matrix head) {}
