package io.hadal.platform.ledger;

/**
 * A transaction of the ledger.
 *
 * @param seq its number, from 1 without gaps
 */
public record Transaction(long seq, Draft draft) {}
