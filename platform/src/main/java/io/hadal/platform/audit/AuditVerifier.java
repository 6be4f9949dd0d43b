package io.hadal.platform.audit;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Recomputes all chains of a database or of an exported file, and checks signatures. Finds changed
 * bytes, missing and moved events, a tail that was cut off behind a checkpoint, forged checkpoints,
 * and chains that were rewritten with new hashes.
 */
public final class AuditVerifier {
  private static final int PAGE = 500;

  private final Map<String, AuditKey> keys = new HashMap<>();

  /**
   * A verifier.
   *
   * @param keys public keys of all who signed; each node of an installation may have its own
   */
  public AuditVerifier(Collection<AuditKey> keys) {
    keys.forEach(key -> this.keys.put(key.id(), key));
  }

  boolean valid(Checkpoint checkpoint) {
    return signed(checkpoint.keyId(), checkpoint.statement(), checkpoint.signature());
  }

  boolean signed(String keyId, String statement, String signature) {
    AuditKey key = keys.get(keyId);
    return key != null && key.signed(statement, signature);
  }

  /**
   * Verifies a database.
   *
   * @param checkpointFile the file of its checkpoints; null for those in the database only
   */
  public AuditReport database(Database database, @Nullable Path checkpointFile) {
    Map<String, ChainCheck> checks = new LinkedHashMap<>();
    // Heads and checkpoints first: what is appended meanwhile is checked, but not demanded.
    Map<String, Head> heads = new LinkedHashMap<>();
    for (Head head : database.read(AuditVerifier::heads)) {
      heads.put(head.chain(), head);
      checks.put(head.chain(), new ChainCheck(head.chain()));
    }
    List<AuditFault> faults = new ArrayList<>();
    List<Checkpoint> checkpoints = new ArrayList<>(database.read(Checkpoints::stored));
    if (checkpointFile != null && Files.exists(checkpointFile)) {
      try {
        checkpoints.addAll(Checkpoints.read(checkpointFile));
      } catch (FormatException e) {
        faults.add(new AuditFault("?", 0, "forged checkpoint: " + e.getMessage()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    for (Checkpoint checkpoint : checkpoints) {
      checks
          .computeIfAbsent(checkpoint.chain(), ChainCheck::new)
          .checkpoint(checkpoint, valid(checkpoint));
    }
    for (String chain : database.read(AuditVerifier::chainsOfEvents)) {
      checks.computeIfAbsent(chain, ChainCheck::new);
    }
    long events = 0;
    for (ChainCheck check : checks.values()) {
      events += events(database, check);
      Head head = heads.get(check.chain());
      if (head == null) {
        check.end(0, AuditLog.GENESIS);
      } else {
        check.end(head.seq(), head.hash());
      }
    }
    return report(checks, events, faults);
  }

  static AuditReport report(Map<String, ChainCheck> checks, long events, List<AuditFault> faults) {
    long checkpoints = 0;
    long unsigned = 0;
    for (ChainCheck check : checks.values()) {
      checkpoints += check.checkpoints();
      unsigned += check.unsigned();
      AuditFault fault = check.fault();
      if (fault != null) {
        faults.add(fault);
      }
    }
    return new AuditReport(checks.size(), events, checkpoints, unsigned, faults);
  }

  static List<Head> heads(Handle handle) {
    return handle
        .createQuery("SELECT chain, seq, hash FROM audit_chain ORDER BY chain")
        .map(
            (row, _) -> new Head(row.getString("chain"), row.getLong("seq"), row.getString("hash")))
        .list();
  }

  private static List<String> chainsOfEvents(Handle handle) {
    return handle
        .createQuery("SELECT DISTINCT chain FROM audit_event ORDER BY chain")
        .mapTo(String.class)
        .list();
  }

  private static long events(Database database, ChainCheck check) {
    long count = 0;
    long last = Long.MIN_VALUE;
    while (true) {
      long above = last;
      List<ChainCheck.StoredEvent> page =
          database.read(handle -> page(handle, check.chain(), above, PAGE));
      for (ChainCheck.StoredEvent event : page) {
        check.event(event);
        last = event.seq();
      }
      count += page.size();
      if (page.size() < PAGE) {
        return count;
      }
    }
  }

  /** Events of a chain behind a number, with all that must fit to them. */
  static List<ChainCheck.StoredEvent> page(Handle handle, String chain, long above, int limit) {
    List<ChainCheck.StoredEvent> events =
        handle
            .createQuery(
                "SELECT seq, ts, actor, action, object, record, hash FROM audit_event"
                    + " WHERE chain = ? AND seq > ? ORDER BY seq LIMIT ?")
            .bind(0, chain)
            .bind(1, above)
            .bind(2, limit)
            .map(
                (row, _) ->
                    new ChainCheck.StoredEvent(
                        row.getLong("seq"),
                        row.getString("record"),
                        row.getString("hash"),
                        Map.of(
                            "ts",
                            Long.toString(row.getLong("ts")),
                            "actor",
                            row.getString("actor"),
                            "action",
                            row.getString("action"),
                            "object",
                            row.getString("object")),
                        new HashMap<>()))
            .list();
    if (events.isEmpty()) {
      return events;
    }
    Map<Long, Map<String, Commitment>> bySeq = new HashMap<>();
    events.forEach(event -> bySeq.put(event.seq(), event.clear()));
    List<Clear> clears =
        handle
            .createQuery(
                "SELECT seq, field, salt, value FROM audit_clear"
                    + " WHERE chain = ? AND seq >= ? AND seq <= ?")
            .bind(0, chain)
            .bind(1, events.getFirst().seq())
            .bind(2, events.getLast().seq())
            .map(
                (row, _) ->
                    new Clear(
                        row.getLong("seq"),
                        row.getString("field"),
                        new Commitment(row.getString("salt"), row.getString("value"))))
            .list();
    for (Clear clear : clears) {
      Map<String, Commitment> values = bySeq.get(clear.seq());
      if (values != null) {
        values.put(clear.field(), clear.value());
      }
    }
    return events;
  }

  /**
   * Verifies an exported file; nothing else is needed.
   *
   * @throws IOException when it cannot be read
   * @throws FormatException when it is no export of an audit log
   */
  public AuditReport file(Path export) throws IOException {
    return new ExportCheck(this, export.toString()).run(export);
  }

  record Head(String chain, long seq, String hash) {}

  private record Clear(long seq, String field, Commitment value) {}
}
