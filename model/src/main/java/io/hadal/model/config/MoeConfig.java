package io.hadal.model.config;

/**
 * Mixture of experts (V4 spec 5.1, 5.2).
 *
 * @param width inner width of one expert, routed or shared
 * @param routedScale factor on the normalised routing weights
 */
public record MoeConfig(
    int experts, int activeExperts, int sharedExperts, int width, float routedScale) {}
