package io.hadal.platform.audit;

import io.hadal.formats.Sha256;
import io.hadal.platform.db.Database;
import io.hadal.platform.json.Jcs;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The audit log: a chain for each organisation and one for the system. {@code hash =
 * SHA-256(previous hash, 32 bytes || canonical JSON of the record)}; the first previous hash is all
 * zeros. Appending locks the chain's row, so that numbers have no gaps whoever appends.
 */
public final class AuditLog {
  /** Name of the system's chain. */
  public static final String SYSTEM = "system";

  /** The hash before the first event. */
  static final String GENESIS = "0".repeat(64);

  private final Database database;
  private final Clock clock;

  public AuditLog(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Appends, in a transaction of its own. */
  public AuditEvent append(AuditEntry entry) {
    return database.write(handle -> append(handle, entry));
  }

  /** Appends in the transaction of the change, so that there is never one without the other. */
  public AuditEvent append(Handle handle, AuditEntry entry) {
    String org = entry.org();
    String chain = org == null ? SYSTEM : org;
    long now = clock.millis();
    Head head = next(handle, chain, now);
    Map<String, Commitment> commitments = new LinkedHashMap<>();
    RecordedState states = new RecordedState(commitments);
    String actor = RecordedState.name(entry.actor());
    String action = RecordedState.name(entry.action());
    String object = RecordedState.name(entry.object());
    ObjectNode record = JsonNodeFactory.instance.objectNode();
    record.put("seq", head.seq());
    record.put("ts", now);
    record.put("chain", chain);
    record.put("actor", actor);
    record.set("actor_name", states.personal(entry.actorName(), "/actor_name"));
    record.set("actor_ip", states.personal(entry.address(), "/actor_ip"));
    record.put("action", action);
    record.put("object", object);
    record.set("before", states.of(entry.before(), "/before"));
    record.set("after", states.of(entry.after(), "/after"));
    String requestId = entry.requestId();
    record.put("request_id", requestId == null ? null : RecordedState.name(requestId));
    record.put("prev_hash", head.hash());
    String text = Jcs.text(record);
    String hash = hash(head.hash(), text);
    handle.execute(
        "INSERT INTO audit_event (chain, seq, ts, actor, action, object, record, hash)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        chain,
        head.seq(),
        now,
        actor,
        action,
        object,
        text,
        hash);
    handle.execute("UPDATE audit_chain SET hash = ? WHERE chain = ?", hash, chain);
    Map<String, String> clear = new HashMap<>();
    commitments.forEach(
        (field, commitment) -> {
          clear.put(field, commitment.value());
          handle.execute(
              "INSERT INTO audit_clear (chain, seq, field, salt, value) VALUES (?, ?, ?, ?, ?)",
              chain,
              head.seq(),
              field,
              commitment.salt(),
              commitment.value());
        });
    return new AuditEvent(chain, head.seq(), now, text, hash, clear);
  }

  /**
   * Puts the hash of something else, such as new entries of the ledger, under the protection of the
   * system's chain.
   */
  public AuditEvent anchor(String name, String hash) {
    ObjectNode after = JsonNodeFactory.instance.objectNode();
    after.put("hash", hash);
    return append(AuditEntry.system(null, "anchor", name, after));
  }

  /** Takes the next number of a chain, with the hash before it; the chain is locked then. */
  private static Head next(Handle handle, String chain, long now) {
    Optional<Head> head = move(handle, chain);
    if (head.isPresent()) {
      return head.get();
    }
    handle.execute(
        "INSERT INTO audit_chain (chain, seq, hash, signed_seq, signed_at) VALUES (?, 0, ?, 0, ?)"
            + " ON CONFLICT DO NOTHING",
        chain,
        GENESIS,
        now);
    return move(handle, chain).orElseThrow();
  }

  private static Optional<Head> move(Handle handle, String chain) {
    return handle
        .createQuery("UPDATE audit_chain SET seq = seq + 1 WHERE chain = ? RETURNING seq, hash")
        .bind(0, chain)
        .map((row, _) -> new Head(row.getLong("seq"), row.getString("hash")))
        .findOne();
  }

  /** Hash of a record behind another one. */
  static String hash(String previous, String record) {
    MessageDigest digest = Sha256.digest();
    digest.update(HexFormat.of().parseHex(previous));
    digest.update(record.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Events that a query asks for, newest first, with the personal values that are still kept. */
  public List<AuditEvent> search(AuditQuery query) {
    StringBuilder sql =
        new StringBuilder(
            "SELECT chain, seq, ts, record, hash FROM audit_event"
                + " WHERE chain = :chain AND seq < :below AND ts >= :from AND ts < :until");
    Map<String, String> texts = new HashMap<>();
    condition("actor", query.actor(), sql, texts);
    condition("action", query.action(), sql, texts);
    condition("object", query.object(), sql, texts);
    sql.append(" ORDER BY seq DESC LIMIT :limit");
    return database.read(
        handle -> {
          Query select =
              handle
                  .createQuery(sql.toString())
                  .bind("chain", query.chain())
                  .bind("below", query.below())
                  .bind("from", query.from())
                  .bind("until", query.until())
                  .bind("limit", query.limit());
          texts.forEach((name, text) -> select.bind(name, text));
          List<AuditEvent> events =
              select
                  .map(
                      (row, _) ->
                          new AuditEvent(
                              row.getString("chain"),
                              row.getLong("seq"),
                              row.getLong("ts"),
                              row.getString("record"),
                              row.getString("hash"),
                              Map.of()))
                  .list();
          if (events.isEmpty()) {
            return events;
          }
          Map<Long, Map<String, String>> clear =
              clear(handle, query.chain(), events.getLast().seq(), events.getFirst().seq());
          List<AuditEvent> complete = new ArrayList<>();
          for (AuditEvent e : events) {
            complete.add(
                new AuditEvent(
                    e.chain(),
                    e.seq(),
                    e.ts(),
                    e.record(),
                    e.hash(),
                    clear.getOrDefault(e.seq(), Map.of())));
          }
          return complete;
        });
  }

  private static Map<Long, Map<String, String>> clear(
      Handle handle, String chain, long first, long last) {
    Map<Long, Map<String, String>> clear = new HashMap<>();
    List<ClearValue> values =
        handle
            .createQuery(
                "SELECT seq, field, value FROM audit_clear WHERE chain = ? AND seq >= ? AND seq <= ?")
            .bind(0, chain)
            .bind(1, first)
            .bind(2, last)
            .map(
                (row, _) ->
                    new ClearValue(
                        row.getLong("seq"), row.getString("field"), row.getString("value")))
            .list();
    for (ClearValue value : values) {
      clear.computeIfAbsent(value.seq(), _ -> new HashMap<>()).put(value.field(), value.value());
    }
    return clear;
  }

  private static void condition(
      String column, @Nullable String wanted, StringBuilder sql, Map<String, String> texts) {
    if (wanted == null) {
      return;
    }
    texts.put(column, wanted);
    if (wanted.endsWith("*")) {
      // No LIKE, whose case rules differ and whose own wildcards would have to be escaped.
      texts.put(column, wanted.substring(0, wanted.length() - 1));
      sql.append(" AND substr(" + column + ", 1, length(:" + column + ")) = :" + column);
    } else {
      sql.append(" AND " + column + " = :" + column);
    }
  }

  /** Names of all chains. */
  public List<String> chains() {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT chain FROM audit_chain ORDER BY chain")
                .mapTo(String.class)
                .list());
  }

  /** Personal values of events before a moment that are still kept. */
  public long personalValues(Handle handle, String chain, long before) {
    return handle
        .createQuery(
            "SELECT count(*) FROM audit_clear c JOIN audit_event e"
                + " ON e.chain = c.chain AND e.seq = c.seq WHERE c.chain = ? AND e.ts < ?")
        .bind(0, chain)
        .bind(1, before)
        .mapTo(Long.class)
        .one();
  }

  /**
   * Erases personal values of events before a moment; commitments without salts are left, and the
   * chain stays valid.
   *
   * @return how many are gone
   */
  public int erasePersonalValues(Handle handle, String chain, long before) {
    return handle.execute(
        "DELETE FROM audit_clear WHERE chain = ? AND seq IN"
            + " (SELECT seq FROM audit_event WHERE chain = ? AND ts < ?)",
        chain,
        chain,
        before);
  }

  private record Head(long seq, String hash) {}

  private record ClearValue(long seq, String field, String value) {}
}
