package io.hadal.model.weights;

import io.hadal.kernels.Matrix;

/**
 * Residual head for filling in the middle: {@code logits += up down x}.
 *
 * @param down {@code [rank, hidden]}
 * @param up {@code [vocab, rank]}
 */
public record CompletionHeadWeights(Matrix down, Matrix up) {}
