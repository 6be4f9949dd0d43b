package io.hadal.model.config;

/**
 * How the released engine feeds FP8 and FP4 matrices in official mode.
 *
 * @param block columns that share a scale when activations are rounded to E4M3
 * @param sumsInBf16 true when the sum over blocks is kept in bf16, as the V4.1 reference does
 */
public record ActivationCode(int block, boolean sumsInBf16) {}
