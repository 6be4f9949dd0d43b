package io.hadal.server;

import io.hadal.chat.Problem;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keys by which clients mark repeated requests. A request runs once: while it does, a repetition is
 * refused, afterwards too, because answers are not kept. Safe for concurrent use.
 */
final class Idempotency {
  private static final int CAPACITY = 100_000;
  private static final long LIFE_NANOS = 24L * 3600 * 1_000_000_000L;

  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private static final class Entry {
    final byte[] body;
    final long since = System.nanoTime();
    boolean done;

    Entry(byte[] body) {
      this.body = body;
    }
  }

  /**
   * Reserves a key for a request.
   *
   * @param key the client's
   * @param scope whose key and for which path
   * @return what to release when the request is over
   * @throws Problem when the key is in use, or was used before
   */
  String reserve(String key, String scope, byte[] body) {
    if (!key.matches("[\\x20-\\x7e]{1,255}")) {
      throw Problem.invalid("idempotency-key", "must be 1 to 255 printable ASCII characters");
    }
    String full = scope + '\n' + key;
    byte[] digest = digest(body);
    synchronized (this) {
      Entry known = entries.get(full);
      if (known != null && System.nanoTime() - known.since < LIFE_NANOS) {
        if (!Arrays.equals(known.body, digest)) {
          throw Problem.idempotencyMismatch();
        }
        throw known.done ? Problem.idempotencyReplayUnavailable() : Problem.idempotencyInProgress();
      }
      entries.remove(full);
      entries.put(full, new Entry(digest));
      if (entries.size() > CAPACITY) {
        entries.remove(entries.keySet().iterator().next());
      }
    }
    return full;
  }

  /**
   * Ends a reservation.
   *
   * @param answered true when there was an answer; else the key may be used again
   */
  synchronized void release(String reserved, boolean answered) {
    if (!answered) {
      entries.remove(reserved);
      return;
    }
    Entry entry = entries.get(reserved);
    if (entry != null) {
      entry.done = true;
    }
  }

  private static byte[] digest(byte[] body) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(body);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
