package io.hadal.platform.ledger;

/**
 * A line of a transaction.
 *
 * @param amount nano-USD; positive is a credit
 */
public record Posting(Account account, long amount) {}
