package io.hadal.platform.ledger;

/**
 * What a project has, in nano-USD. Granted money is used first.
 *
 * @param prepaid what it may still spend, without what is held; below zero: what it owes
 * @param held what is set aside
 * @param granted what is left of grants
 * @param toppedUp what is left of top-ups, refunds and corrections
 */
public record Balance(long prepaid, long held, long granted, long toppedUp) {}
