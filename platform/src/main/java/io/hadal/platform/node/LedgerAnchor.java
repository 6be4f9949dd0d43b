package io.hadal.platform.node;

import io.hadal.platform.audit.AuditSchedule;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.HashChain;
import org.jspecify.annotations.Nullable;

/** Ties the ledger to the audit log: the newest hash of one of its chains, once an hour. */
final class LedgerAnchor implements AuditSchedule.Anchored {
  private final Database database;
  private final String chain;
  private String last = "";

  /**
   * An anchor of a chain.
   *
   * @param chain {@code transaction}, {@code event} or {@code price}
   */
  LedgerAnchor(Database database, String chain) {
    this.database = database;
    this.chain = chain;
  }

  @Override
  public String name() {
    return "ledger." + chain;
  }

  @Override
  public synchronized @Nullable String hash() {
    String now =
        database.write(
            h -> {
              HashChain head = HashChain.locked(h, database.kind(), chain);
              return head.seq() + ":" + head.hash();
            });
    if (now.equals(last)) {
      return null;
    }
    last = now;
    return now;
  }
}
