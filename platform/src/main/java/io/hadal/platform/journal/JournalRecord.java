package io.hadal.platform.journal;

import io.hadal.platform.ledger.Settled;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import org.jspecify.annotations.Nullable;

/** What the journal holds. */
sealed interface JournalRecord {
  /** An attempt begins. */
  record Admit(Work work, long start, @Nullable String holdId, long held)
      implements JournalRecord {}

  /** An attempt has come so far, at a time in milliseconds since 1970. */
  record Checkpoint(String requestId, int attempt, long time, Quantities quantities)
      implements JournalRecord {}

  /** An attempt is over. */
  record End(Settled settled) implements JournalRecord {}
}
