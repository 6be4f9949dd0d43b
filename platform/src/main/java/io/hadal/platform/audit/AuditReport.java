package io.hadal.platform.audit;

import java.util.List;

/**
 * What a verifier found.
 *
 * @param chains how many chains it read
 * @param events how many events it recomputed
 * @param checkpoints how many signatures it checked
 * @param unsigned events behind the last checkpoint of their chain: they are chained, but cut off
 *     they would not be missed
 * @param faults the first of each chain; empty when all is well
 */
public record AuditReport(
    int chains, long events, long checkpoints, long unsigned, List<AuditFault> faults) {
  public AuditReport {
    faults = List.copyOf(faults);
  }

  /** Whether nothing is wrong. */
  public boolean ok() {
    return faults.isEmpty();
  }
}
