package io.hadal.platform.node;

import io.hadal.platform.audit.AuditSchedule;
import io.hadal.platform.ledger.Anchor;
import io.hadal.platform.ledger.Ledger;
import org.jspecify.annotations.Nullable;

/** Ties the ledger to the audit log: the newest hash of one of its chains, once an hour. */
final class LedgerAnchor implements AuditSchedule.Anchored {
  private final Ledger ledger;
  private final String chain;
  private String last = "";

  /**
   * An anchor of a chain.
   *
   * @param chain {@code transaction}, {@code event} or {@code price}
   */
  LedgerAnchor(Ledger ledger, String chain) {
    this.ledger = ledger;
    this.chain = chain;
  }

  @Override
  public String name() {
    return "ledger." + chain;
  }

  @Override
  public synchronized @Nullable String hash() {
    Anchor head = ledger.anchor(chain);
    String now = head.seq() + ":" + head.hash();
    if (now.equals(last)) {
      return null;
    }
    last = now;
    return now;
  }
}
