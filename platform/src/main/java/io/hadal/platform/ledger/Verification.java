package io.hadal.platform.ledger;

import org.jspecify.annotations.Nullable;

/**
 * What a verifier found.
 *
 * @param fault the first fault; null when all is well
 * @param transactions transactions looked at
 * @param events usage events looked at
 * @param prices rows of the price book looked at
 * @param head hash of the last transaction, for an anchor elsewhere
 */
public record Verification(
    @Nullable Fault fault, long transactions, long events, long prices, String head) {
  public boolean ok() {
    return fault == null;
  }
}
