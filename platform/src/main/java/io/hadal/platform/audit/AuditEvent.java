package io.hadal.platform.audit;

import java.util.Map;

/**
 * An event of the log.
 *
 * @param chain id of an organisation, or {@code system}
 * @param seq number in the chain, from 1
 * @param ts when, milliseconds since 1970
 * @param record the hashed record, canonical JSON; personal values are commitments
 * @param hash SHA-256 of the previous hash and the record, hexadecimal
 * @param clear personal values that are still kept, by their JSON pointers in the record
 */
public record AuditEvent(
    String chain, long seq, long ts, String record, String hash, Map<String, String> clear) {
  public AuditEvent {
    clear = Map.copyOf(clear);
  }
}
