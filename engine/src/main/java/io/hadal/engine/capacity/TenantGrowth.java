package io.hadal.engine.capacity;

/**
 * What a tenant that sends more does to itself and to others.
 *
 * @param share part of all requests that are the tenant's before
 * @param rate requests per second of all together afterwards
 * @param tenantSees its requests afterwards, with as many replicas as before
 * @param othersSee those of all others
 * @param replicas fewest replicas that keep the goal for all; 0 when no number does
 */
public record TenantGrowth(
    String tenant,
    double share,
    double rate,
    CapacityEstimate tenantSees,
    CapacityEstimate othersSee,
    int replicas) {}
