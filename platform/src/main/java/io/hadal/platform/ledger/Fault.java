package io.hadal.platform.ledger;

/**
 * Something in the books that cannot be.
 *
 * @param check what was checked, such as {@code balances}
 * @param where the row
 * @param message what is wrong with it
 */
public record Fault(String check, String where, String message) {}
