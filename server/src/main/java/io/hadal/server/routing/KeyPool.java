package io.hadal.server.routing;

import io.hadal.platform.SecretText;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/** Keys of an upstream, used in turn. A key that is refused is out until the next reload. */
final class KeyPool {
  private final List<SecretText> keys;
  private final AtomicInteger turn = new AtomicInteger();

  /** Status that took a key out; 0 while it is in use. */
  private final AtomicIntegerArray refused;

  /** When a key may be used again after too many requests, milliseconds since 1970. */
  private final AtomicLongArray coolUntil;

  /**
   * A key for one attempt.
   *
   * @param secret null at an upstream that wants none
   */
  record Lease(int index, @Nullable SecretText secret) {}

  KeyPool(List<SecretText> keys) {
    this.keys = List.copyOf(keys);
    this.refused = new AtomicIntegerArray(keys.size());
    this.coolUntil = new AtomicLongArray(keys.size());
  }

  /** A key that may be used now; null when there is none. */
  @Nullable Lease take(long now) {
    if (keys.isEmpty()) {
      return new Lease(-1, null);
    }
    int first = turn.getAndIncrement() & Integer.MAX_VALUE;
    for (int i = 0; i < keys.size(); i++) {
      int index = (first + i) % keys.size();
      if (refused.get(index) == 0 && coolUntil.get(index) <= now) {
        return new Lease(index, keys.get(index));
      }
    }
    return null;
  }

  /** All credentials, for signatures of ids. */
  List<SecretText> all() {
    return keys;
  }

  /** Takes a key out; true when it was in use. */
  boolean refuse(Lease lease, int status) {
    return lease.index() >= 0 && refused.compareAndSet(lease.index(), 0, status);
  }

  /** Lets a key rest. */
  void rest(Lease lease, long until) {
    if (lease.index() >= 0) {
      coolUntil.accumulateAndGet(lease.index(), until, Math::max);
    }
  }

  /** Milliseconds until a key that rests may be used again; -1 when none will be. */
  long restLeft(long now) {
    long least = -1;
    for (int i = 0; i < keys.size(); i++) {
      long left = Math.max(0, coolUntil.get(i) - now);
      if (refused.get(i) == 0 && (least < 0 || left < least)) {
        least = left;
      }
    }
    return keys.isEmpty() ? 0 : least;
  }

  boolean anyRefused() {
    for (int i = 0; i < keys.size(); i++) {
      if (refused.get(i) != 0) {
        return true;
      }
    }
    return false;
  }

  /** What each key is: {@code ok}, {@code resting}, or {@code refused 401}. */
  List<String> states(long now) {
    List<String> states = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      int status = refused.get(i);
      states.add(status != 0 ? "refused " + status : coolUntil.get(i) > now ? "resting" : "ok");
    }
    return states;
  }
}
