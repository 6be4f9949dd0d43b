package io.hadal.platform.alert;

/**
 * How a channel does on this node, since its start.
 *
 * @param target where it leads
 * @param delivered alerts that arrived
 * @param failed alerts that were given up
 * @param retries attempts that failed and are repeated
 * @param dropped alerts that were not taken, because too many waited
 * @param waiting alerts on their way, of all nodes, at the last look
 */
public record ChannelState(
    String name,
    String target,
    long delivered,
    long failed,
    long retries,
    long dropped,
    long waiting) {}
