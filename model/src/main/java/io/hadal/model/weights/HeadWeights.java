package io.hadal.model.weights;

import io.hadal.kernels.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * From streams to logits (spec 2.3).
 *
 * @param collapse mHC head; null when the gates of the last site are used
 * @param norm final RMS norm
 * @param head {@code [vocab, hidden]}
 */
public record HeadWeights(@Nullable HyperWeights collapse, float[] norm, Matrix head) {}
