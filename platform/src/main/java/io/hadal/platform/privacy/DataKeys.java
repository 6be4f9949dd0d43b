package io.hadal.platform.privacy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.hadal.formats.FormatException;
import io.hadal.platform.Ids;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.tenancy.Actor;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Envelope encryption: each organisation has data keys (AES-256), kept wrapped by a {@link
 * MasterKey}. The newest encrypts, older ones still decrypt. Erasing an organisation's keys makes
 * all that was encrypted with them unreadable for good.
 */
public final class DataKeys {
  /** How long another node may still use a key that was erased. */
  public static final Duration STALENESS = Duration.ofSeconds(5);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Database database;
  private final MasterKey master;
  private final Map<String, MasterKey> masters = new HashMap<>();
  private final AuditLog audit;
  private final Clock clock;

  /** Newest key of organisations. */
  private final Cache<String, DataKey> newest =
      Caffeine.newBuilder().expireAfterWrite(STALENESS).maximumSize(10_000).build();

  private final Cache<String, DataKey> byId =
      Caffeine.newBuilder().expireAfterWrite(STALENESS).maximumSize(10_000).build();

  /**
   * Keys of a database.
   *
   * @param master wraps new keys
   * @param previous master keys of earlier times, which may still have wrapped some
   */
  public DataKeys(
      Database database, MasterKey master, List<MasterKey> previous, AuditLog audit, Clock clock) {
    this.database = database;
    this.master = master;
    this.audit = audit;
    this.clock = clock;
    previous.forEach(key -> masters.put(key.id(), key));
    masters.put(master.id(), master);
  }

  /**
   * A key of data.
   *
   * @param id travels with what it encrypts
   */
  record DataKey(String id, SecretKey key) {
    @Override
    public String toString() {
      return "DataKey[" + id + "]";
    }
  }

  /** The key that encrypts for an organisation now; made when there is none. */
  DataKey current(String org) {
    DataKey known = newest.getIfPresent(org);
    if (known != null) {
      return known;
    }
    DataKey key =
        database
            .<Optional<DataKey>>read(handle -> active(handle, org))
            .orElseGet(() -> database.write(h -> active(h, org).orElseGet(() -> create(h, org))));
    newest.put(org, key);
    return key;
  }

  /** The key with an id; null when it was erased or never was. */
  @Nullable DataKey find(String org, String id) {
    DataKey known = byId.getIfPresent(id);
    if (known == null) {
      known =
          database
              .<Optional<DataKey>>read(
                  handle ->
                      handle
                          .createQuery(
                              "SELECT id, org_id, wrapped, master_id FROM data_key"
                                  + " WHERE id = ? AND org_id = ? AND wrapped IS NOT NULL")
                          .bind(0, id)
                          .bind(1, org)
                          .map((row, _) -> wrapped(row))
                          .findOne()
                          .map(this::unwrap))
              .orElse(null);
      if (known != null) {
        byId.put(id, known);
      }
    }
    return known;
  }

  private Optional<DataKey> active(Handle handle, String org) {
    return handle
        .createQuery(
            "SELECT id, org_id, wrapped, master_id FROM data_key WHERE org_id = ?"
                + " AND retired_at IS NULL AND wrapped IS NOT NULL"
                + " ORDER BY created_at DESC, id LIMIT 1")
        .bind(0, org)
        .map((row, _) -> wrapped(row))
        .findOne()
        .map(this::unwrap);
  }

  private static Wrapped wrapped(ResultSet row) throws SQLException {
    return new Wrapped(
        row.getString("id"),
        row.getString("org_id"),
        row.getString("wrapped"),
        row.getString("master_id"));
  }

  private DataKey create(Handle handle, String org) {
    byte[] bytes = new byte[32];
    RANDOM.nextBytes(bytes);
    String id = Ids.next("dek_");
    handle.execute(
        "INSERT INTO data_key (id, org_id, wrapped, master_id, created_at) VALUES (?, ?, ?, ?, ?)",
        id,
        org,
        wrap(bytes, org, id),
        master.id(),
        clock.millis());
    handle.execute("UPDATE org SET data_key_id = ? WHERE id = ?", id, org);
    DataKey key = new DataKey(id, new SecretKeySpec(bytes, "AES"));
    Arrays.fill(bytes, (byte) 0);
    return key;
  }

  private String wrap(byte[] bytes, String org, String id) {
    return Base64.getEncoder().encodeToString(AesGcm.encrypt(master.key(), bytes, place(org, id)));
  }

  private DataKey unwrap(Wrapped wrapped) {
    byte[] bytes = open(wrapped);
    DataKey key = new DataKey(wrapped.id(), new SecretKeySpec(bytes, "AES"));
    Arrays.fill(bytes, (byte) 0);
    return key;
  }

  private byte[] open(Wrapped wrapped) {
    MasterKey by = masters.get(wrapped.masterId());
    if (by == null) {
      throw new FormatException(
          "privacy.master_key",
          "the data key "
              + wrapped.id()
              + " is wrapped by the master key "
              + wrapped.masterId()
              + "; give that one, too");
    }
    try {
      byte[] sealed = Base64.getDecoder().decode(wrapped.wrapped());
      return AesGcm.decrypt(by.key(), sealed, 0, place(wrapped.org(), wrapped.id()));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new FormatException("data key " + wrapped.id(), "was changed in the database");
    }
  }

  private static String place(String org, String id) {
    return "data_key/" + org + "/" + id;
  }

  /**
   * Makes a new key for what is encrypted from now on; what is there stays readable.
   *
   * @return id of the new key
   */
  public String rotate(Actor actor, String org, @Nullable String requestId) {
    String id =
        database.write(
            handle -> {
              handle.execute(
                  "UPDATE data_key SET retired_at = ? WHERE org_id = ? AND retired_at IS NULL",
                  clock.millis(),
                  org);
              String made = create(handle, org).id();
              ObjectNode after = JsonNodeFactory.instance.objectNode().put("data_key_id", made);
              audit.append(
                  handle,
                  AuditEntry.of(
                      actor, org, "data_key.rotate", "org:" + org, null, after, requestId));
              return made;
            });
    newest.invalidate(org);
    return id;
  }

  /**
   * Erases all keys of an organisation: what was encrypted with them is lost for good. Other nodes
   * forget them within {@link #STALENESS}. A backup that still has the wrapped keys can restore
   * them as long as the master key exists.
   *
   * @return how many keys are gone
   */
  public int erase(Actor actor, String org, @Nullable String requestId) {
    int erased =
        database.write(
            handle -> {
              if (database.kind() == DatabaseKind.SQLITE) {
                // Freed parts of pages are overwritten with zeros.
                handle.execute("PRAGMA secure_delete = ON");
              }
              int keys =
                  handle.execute(
                      "UPDATE data_key SET wrapped = NULL, erased_at = ?,"
                          + " retired_at = COALESCE(retired_at, ?)"
                          + " WHERE org_id = ? AND wrapped IS NOT NULL",
                      clock.millis(),
                      clock.millis(),
                      org);
              handle.execute("UPDATE org SET data_key_id = NULL WHERE id = ?", org);
              ObjectNode after = JsonNodeFactory.instance.objectNode().put("keys", keys);
              audit.append(
                  handle,
                  AuditEntry.of(
                      actor, org, "data_key.erase", "org:" + org, null, after, requestId));
              return keys;
            });
    newest.invalidate(org);
    byId.invalidateAll();
    if (database.kind() == DatabaseKind.SQLITE) {
      // The write-ahead log still has the old pages.
      database.read(h -> h.createQuery("PRAGMA wal_checkpoint(TRUNCATE)").mapToMap().list());
    }
    return erased;
  }

  /**
   * Wraps all keys with the master key of now, so that earlier ones can go.
   *
   * @return how many keys were wrapped anew
   */
  public int rewrap() {
    return database.write(
        handle -> {
          List<Wrapped> old =
              handle
                  .createQuery(
                      "SELECT id, org_id, wrapped, master_id FROM data_key"
                          + " WHERE wrapped IS NOT NULL AND master_id <> ?")
                  .bind(0, master.id())
                  .map((row, _) -> wrapped(row))
                  .list();
          for (Wrapped key : old) {
            byte[] bytes = open(key);
            handle.execute(
                "UPDATE data_key SET wrapped = ?, master_id = ? WHERE id = ?",
                wrap(bytes, key.org(), key.id()),
                master.id(),
                key.id());
            Arrays.fill(bytes, (byte) 0);
          }
          if (!old.isEmpty()) {
            ObjectNode after = JsonNodeFactory.instance.objectNode();
            after.put("keys", old.size()).put("master_id", master.id());
            audit.append(handle, AuditEntry.system(null, "master_key.rotate", "data_keys", after));
          }
          return old.size();
        });
  }

  /** Keys of an organisation, newest first, without what could open anything. */
  public List<KeyState> states(String org) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT id, created_at, retired_at, erased_at FROM data_key"
                        + " WHERE org_id = ? ORDER BY created_at DESC, id")
                .bind(0, org)
                .map(
                    (row, _) ->
                        new KeyState(
                            row.getString("id"),
                            row.getLong("created_at"),
                            row.getLong("retired_at"),
                            row.getLong("erased_at")))
                .list());
  }

  /**
   * What has become of a key, milliseconds since 1970.
   *
   * @param retired since when it encrypts no more; 0 for it does
   * @param erased since when it is gone; 0 for it is there
   */
  public record KeyState(String id, long created, long retired, long erased) {}

  private record Wrapped(String id, String org, String wrapped, String masterId) {}
}
