package io.hadal.platform.audit;

/**
 * The first thing that is wrong with a chain.
 *
 * @param seq number of the first event that cannot be trusted; 0 when none can be named
 */
public record AuditFault(String chain, long seq, String why) {
  @Override
  public String toString() {
    return "chain " + chain + ", event " + seq + ": " + why;
  }
}
