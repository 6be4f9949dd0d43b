package io.hadal.server;

import io.hadal.chat.Problem;
import io.hadal.formats.Sha256;
import io.hadal.server.RecordingExchange.Recording;
import io.hadal.server.http.HttpProblem;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Keys by which clients mark repeated requests. A request runs once: while it runs its repetitions
 * are told to come back, and then get the same answer, as long as that is kept. A request that
 * fails leaves its key free. When there is no more room, the tenant that takes most of it loses its
 * oldest. Safe for concurrent use.
 */
final class Idempotency {
  /**
   * How long a repetition waits before it is told to come back: a client has its answer a moment
   * before its request is over here.
   */
  private static final long GRACE_NANOS = 500_000_000;

  private final Map<String, Tenant> tenants = new HashMap<>();
  private IdempotencyLimits limits;
  private int count;
  private long bytes;

  /** Keys of one tenant, oldest first. */
  private static final class Tenant {
    final Map<String, Entry> entries = new LinkedHashMap<>();
    long bytes;
  }

  /** A key in use: of a request that runs, or of one that is over. */
  static final class Entry {
    private final String tenant;
    private final String key;
    private final byte[] body;
    private final long since = System.nanoTime();
    private boolean done;
    private @Nullable Recording answer;

    private Entry(String tenant, String key, byte[] body) {
      this.tenant = tenant;
      this.key = key;
      this.body = body;
    }
  }

  /**
   * What to do with a request.
   *
   * @param answer what to send again; null to run the request
   * @param entry what to {@link #release release} behind its run; null for none
   */
  record Decision(@Nullable Recording answer, @Nullable Entry entry) {}

  Idempotency(IdempotencyLimits limits) {
    this.limits = limits;
  }

  /** Other limits, from now on. */
  synchronized void limits(IdempotencyLimits now) {
    limits = now;
    makeRoom();
  }

  /** Longest answer that is kept. */
  synchronized int answerBytes() {
    return limits.answerBytes();
  }

  /** Bytes of kept answers. */
  synchronized long bytes() {
    return bytes;
  }

  /** Keys that are known. */
  synchronized int count() {
    return count;
  }

  /**
   * Reserves a key, or finds what it was used for.
   *
   * @param key the client's
   * @param path where the request was sent; the same key elsewhere is another one
   * @throws Problem when the key was used for another body, its answer is not kept, or its request
   *     is running
   */
  synchronized Decision reserve(String key, String tenant, String path, byte[] body) {
    if (!key.matches("[\\x20-\\x7e]{1,255}")) {
      throw Problem.invalid("idempotency-key", "must be 1 to 255 printable ASCII characters");
    }
    String full = path + '\n' + key;
    byte[] digest = Sha256.digest().digest(body);
    Entry known = settled(tenant, full, digest);
    if (known == null) {
      Entry entry = new Entry(tenant, full, digest);
      add(entry);
      return new Decision(null, entry);
    }
    Recording answer = known.answer;
    if (answer == null) {
      throw HttpProblem.idempotencyReplayUnavailable();
    }
    return new Decision(answer, null);
  }

  /** The finished request with a key; null when the key is free. */
  private @Nullable Entry settled(String tenant, String full, byte[] digest) {
    long end = System.nanoTime() + GRACE_NANOS;
    while (true) {
      Entry known = find(tenant, full);
      if (known != null && !Arrays.equals(known.body, digest)) {
        throw HttpProblem.idempotencyMismatch();
      }
      if (known == null || known.done) {
        return known;
      }
      long rest = (end - System.nanoTime()) / 1_000_000;
      if (rest <= 0) {
        throw HttpProblem.idempotencyInProgress();
      }
      try {
        wait(rest);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw Problem.draining();
      }
    }
  }

  private @Nullable Entry find(String tenant, String full) {
    Tenant owner = tenants.get(tenant);
    Entry entry = owner == null ? null : owner.entries.get(full);
    if (entry != null
        && entry.done
        && System.nanoTime() - entry.since >= limits.retention().toNanos()) {
      remove(entry);
      return null;
    }
    return entry;
  }

  /**
   * Ends the run of a request.
   *
   * @param answered true when there was an answer; else the key may be used again
   * @param answer null when it is not to be kept
   */
  synchronized void release(Entry entry, boolean answered, @Nullable Recording answer) {
    entry.done = true;
    if (!answered) {
      remove(entry);
    } else if (answer != null && limits.memoryBytes() > 0) {
      entry.answer = answer;
      account(entry.tenant, answer.bytes());
    }
    makeRoom();
    notifyAll();
  }

  private void add(Entry entry) {
    tenants.computeIfAbsent(entry.tenant, t -> new Tenant()).entries.put(entry.key, entry);
    count++;
    makeRoom();
  }

  private void remove(Entry entry) {
    Tenant owner = tenants.get(entry.tenant);
    if (owner == null || !owner.entries.remove(entry.key, entry)) {
      return;
    }
    count--;
    forget(entry);
    if (owner.entries.isEmpty()) {
      tenants.remove(entry.tenant);
    }
  }

  private void forget(Entry entry) {
    Recording answer = entry.answer;
    if (answer != null) {
      entry.answer = null;
      account(entry.tenant, -answer.bytes());
    }
  }

  private void account(String tenant, long more) {
    bytes += more;
    Tenant owner = tenants.get(tenant);
    if (owner != null) {
      owner.bytes += more;
    }
  }

  /** Lets go of the oldest; requests that run stay. */
  private void makeRoom() {
    while (bytes > limits.memoryBytes()) {
      Entry oldest = oldest(t -> t.bytes, true);
      if (oldest == null) {
        break;
      }
      // The key stays, so that the request does not run twice.
      forget(oldest);
    }
    while (count > limits.keys()) {
      Entry oldest = oldest(t -> t.entries.size(), false);
      if (oldest == null) {
        break;
      }
      remove(oldest);
    }
  }

  /** The oldest finished entry of the tenant with the largest share. */
  private @Nullable Entry oldest(ToLongFunction<Tenant> share, boolean withAnswer) {
    Entry found = null;
    long most = -1;
    for (Tenant tenant : tenants.values()) {
      if (share.applyAsLong(tenant) <= most) {
        continue;
      }
      Iterator<Entry> entries = tenant.entries.values().iterator();
      Entry first = null;
      while (first == null && entries.hasNext()) {
        Entry entry = entries.next();
        if (entry.done && (!withAnswer || entry.answer != null)) {
          first = entry;
        }
      }
      if (first != null) {
        found = first;
        most = share.applyAsLong(tenant);
      }
    }
    return found;
  }
}
