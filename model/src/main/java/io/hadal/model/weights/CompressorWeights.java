package io.hadal.model.weights;

import io.hadal.kernels.Matrix;

/**
 * Compressor (spec 4.1).
 *
 * @param wkv values {@code [halves * width, hidden]}
 * @param wgate gates of the same shape
 * @param ape gate bias by place in the group {@code [ratio, halves * width]}
 * @param norm {@code [width]}
 */
public record CompressorWeights(Matrix wkv, Matrix wgate, float[] ape, float[] norm) {}
