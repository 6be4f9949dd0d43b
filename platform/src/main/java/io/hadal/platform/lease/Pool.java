package io.hadal.platform.lease;

import java.time.ZoneId;

/**
 * An amount that is used up.
 *
 * @param id its name in the database
 * @param capacity amount of a window, when a window's row does not say otherwise
 * @param carryOver whether a window gets what the one before left
 * @param quickLoss whether what a lost node holds is free after 5 s: nothing of it was spent
 */
public record Pool(
    String id, Window window, ZoneId zone, long capacity, boolean carryOver, boolean quickLoss) {}
