package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.json.Jcs;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;

/** Recomputes one chain, event by event. Behind its first fault nothing more is checked. */
final class ChainCheck {
  private final String chain;

  /** Hashes that are signed, by their numbers. */
  private final TreeMap<Long, String> signed = new TreeMap<>();

  private long seq;
  private String hash = AuditLog.GENESIS;
  private @Nullable AuditFault fault;

  ChainCheck(String chain) {
    this.chain = chain;
  }

  /**
   * A checkpoint whose signature has been checked. All come before the events.
   *
   * @param valid whether the signature is one of a known key
   */
  void checkpoint(Checkpoint checkpoint, boolean valid) {
    if (seq > 0) {
      fail(checkpoint.seq(), "out of order: its checkpoint comes behind events");
      return;
    }
    if (!valid) {
      fail(
          checkpoint.seq(),
          "forged checkpoint: its signature is not of a known key (key id "
              + checkpoint.keyId()
              + ")");
      return;
    }
    String other = signed.putIfAbsent(checkpoint.seq(), checkpoint.hash());
    if (other != null && !other.equals(checkpoint.hash())) {
      fail(checkpoint.seq(), "two checkpoints with different hashes");
    }
  }

  /** The next event. */
  void event(StoredEvent event) {
    if (fault != null) {
      return;
    }
    if (event.seq() != seq + 1) {
      fail(
          seq + 1,
          event.seq() > seq + 1
              ? "missing: event " + event.seq() + " follows event " + seq
              : "out of order: event " + event.seq() + " follows event " + seq);
      return;
    }
    long at = event.seq();
    if (!AuditLog.hash(hash, event.record()).equals(event.hash())) {
      fail(at, "its hash is not that of its record behind the previous hash");
      return;
    }
    JsonNode record;
    try {
      record = Json.parse(event.record().getBytes(StandardCharsets.UTF_8), "record");
      if (!Jcs.text(record).equals(event.record())) {
        fail(at, "its record is not canonical JSON");
        return;
      }
      if (!LineFields.text(record, "prev_hash", "record").equals(hash)
          || LineFields.number(record, "seq", "record") != at
          || !LineFields.text(record, "chain", "record").equals(chain)) {
        fail(at, "its record names another place in the log");
        return;
      }
    } catch (FormatException | IllegalArgumentException e) {
      fail(at, "its record cannot be read");
      return;
    }
    for (Map.Entry<String, String> column : event.columns().entrySet()) {
      if (!scalar(record.path(column.getKey())).equals(column.getValue())) {
        fail(at, "column '" + column.getKey() + "' differs from the record");
        return;
      }
    }
    for (Map.Entry<String, Commitment> clear : event.clear().entrySet()) {
      if (!committed(record, clear.getKey(), clear.getValue())) {
        fail(at, "the value of " + clear.getKey() + " does not fit its commitment");
        return;
      }
    }
    String expected = signed.get(at);
    if (expected != null && !expected.equals(event.hash())) {
      fail(at, "the signed hash of this event is another one: the chain was rewritten");
      return;
    }
    seq = at;
    hash = event.hash();
  }

  private static boolean committed(JsonNode record, String field, Commitment clear) {
    try {
      return scalar(record.at(JsonPointer.compile(field))).equals(clear.text());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String scalar(JsonNode node) {
    if (node.isString()) {
      return node.stringValue();
    }
    return node.isIntegralNumber() && node.canConvertToLong() ? node.longValue() + "" : "";
  }

  /** The end of the events, with what else is known of it. */
  void end(long headSeq, String headHash) {
    end();
    if (fault == null && headSeq > seq) {
      fail(seq + 1, "missing: the chain had " + headSeq + " events, the tail was cut off");
    } else if (fault == null && headSeq == seq && !headHash.equals(hash)) {
      fail(seq, "the head of the chain has another hash");
    }
  }

  /** The end of the events. */
  void end() {
    if (fault == null && !signed.isEmpty() && signed.lastKey() > seq) {
      fail(
          seq + 1,
          "missing: a signed checkpoint names event "
              + signed.lastKey()
              + ", the tail was cut off");
    }
  }

  private void fail(long at, String why) {
    if (fault == null || at < fault.seq()) {
      fault = new AuditFault(chain, at, why);
    }
  }

  @Nullable AuditFault fault() {
    return fault;
  }

  String chain() {
    return chain;
  }

  /** Number of the last good event. */
  long seq() {
    return seq;
  }

  String hash() {
    return hash;
  }

  long checkpoints() {
    return signed.size();
  }

  /** Events behind the last checkpoint. */
  long unsigned() {
    return seq - (signed.isEmpty() ? 0 : Math.min(seq, signed.lastKey()));
  }

  /**
   * An event as it was found.
   *
   * @param columns values beside the record that must be those in it
   * @param clear personal values by their JSON pointers
   */
  record StoredEvent(
      long seq,
      String record,
      String hash,
      Map<String, String> columns,
      Map<String, Commitment> clear) {}
}
