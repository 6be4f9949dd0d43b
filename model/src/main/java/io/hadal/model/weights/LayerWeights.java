package io.hadal.model.weights;

/** One layer: two sublayers, each behind its norm and its mHC site (spec 2.2). */
public record LayerWeights(
    HyperWeights attnHyper,
    float[] attnNorm,
    AttentionWeights attention,
    HyperWeights ffnHyper,
    float[] ffnNorm,
    MoeWeights moe) {}
