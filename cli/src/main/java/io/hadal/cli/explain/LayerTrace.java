package io.hadal.cli.explain;

import org.jspecify.annotations.Nullable;

/**
 * What one layer did with one token.
 *
 * @param experts routed experts, the strongest first
 * @param weights their weights, scaled as the layer uses them
 * @param visible compressed entries that the token could see
 * @param entries chosen entries, ascending; null in a layer that chooses none
 * @param gates Engram gate of every residual stream; null without Engram
 * @param channelRms root mean square of the values each Engram channel looked up; null without
 */
public record LayerTrace(
    int layer,
    int[] experts,
    float[] weights,
    int visible,
    int @Nullable [] entries,
    float @Nullable [] gates,
    float @Nullable [] channelRms) {}
