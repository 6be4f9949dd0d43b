package io.hadal.platform.ledger;

/**
 * A point of the ledger.
 *
 * @param seq number of a row; 0 for none
 * @param hash SHA-256 in hex over it and all before
 */
public record Anchor(long seq, String hash) {}
