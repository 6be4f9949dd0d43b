package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * Compressor (V4 spec 4.1, V4.1 spec 4.2).
 *
 * @param wkv values {@code [halves * width, hidden]}
 * @param wgate gates of the same shape; null for groups of one token
 * @param ape gate bias by place in the group {@code [ratio, halves * width]}; null without
 * @param norm {@code [width]}
 */
public record CompressorWeights(
    Matrix wkv, @Nullable Matrix wgate, float @Nullable [] ape, float[] norm) {}
