package io.hadal.model.weights;

import io.hadal.kernels.Matrix;

/**
 * mHC parameters of one site (spec 2.2) or of the head (spec 2.3).
 *
 * @param fn {@code [mixes, streams * hidden]}
 * @param base {@code [mixes]}
 * @param scale {@code [3]}, or {@code [1]} for the head
 */
public record HyperWeights(Matrix fn, float[] base, float[] scale) {}
