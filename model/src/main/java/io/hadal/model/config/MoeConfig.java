package io.hadal.model.config;

/**
 * Mixture of experts (V4 spec 5.1, 5.2).
 *
 * @param experts routed experts; 0 in a dense layer, which has no router and runs the shared expert
 *     alone
 * @param width inner width of one expert, routed or shared
 * @param routedScale factor on the routing weights
 * @param normalized true when the weights of the chosen experts are divided by their sum; V4.1
 *     leaves a lone expert its score (V4.1 spec 4.3)
 */
public record MoeConfig(
    int experts,
    int activeExperts,
    int sharedExperts,
    int width,
    float routedScale,
    boolean normalized) {

  /** True when there is nothing to route. */
  public boolean dense() {
    return experts == 0;
  }
}
