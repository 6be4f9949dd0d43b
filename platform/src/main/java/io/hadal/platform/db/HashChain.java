package io.hadal.platform.db;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Numbers rows and chains their hashes: each hash covers its row and the hash before it, so that no
 * row can be changed, taken out or moved unseen.
 */
public final class HashChain {
  private final Handle handle;
  private final String name;
  private long seq;
  private String hash;

  private HashChain(Handle handle, String name, long seq, String hash) {
    this.handle = handle;
    this.name = name;
    this.seq = seq;
    this.hash = hash;
  }

  /** The head of a chain; nobody else adds to it until the transaction ends. */
  public static HashChain locked(Handle handle, DatabaseKind kind, String name) {
    String lock = kind == DatabaseKind.POSTGRESQL ? " FOR UPDATE" : "";
    return handle
        .createQuery("SELECT seq, hash FROM ledger_head WHERE chain = :name" + lock)
        .bind("name", name)
        .map((rs, ctx) -> new HashChain(handle, name, rs.getLong(1), rs.getString(2)))
        .one();
  }

  /** Number of the last row; 0 for none. */
  public long seq() {
    return seq;
  }

  /** Hash of the last row. */
  public String hash() {
    return hash;
  }

  /** Adds a row, which has number {@link #seq} then. Returns its hash. */
  public String add(List<@Nullable Object> fields) {
    seq++;
    hash = hash(hash, seq, fields);
    return hash;
  }

  /** Writes the head. */
  public void save() {
    handle.execute("UPDATE ledger_head SET seq = ?, hash = ? WHERE chain = ?", seq, hash, name);
  }

  /** SHA-256 in hex over the hash before, the number, and each field with its length. */
  public static String hash(String previous, long seq, List<@Nullable Object> fields) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((previous + ':' + seq).getBytes(StandardCharsets.UTF_8));
      for (Object field : fields) {
        if (field == null) {
          digest.update((byte) '-');
          continue;
        }
        byte[] text = field.toString().getBytes(StandardCharsets.UTF_8);
        digest.update(("+" + text.length + ':').getBytes(StandardCharsets.UTF_8));
        digest.update(text);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
