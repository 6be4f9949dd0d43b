package io.hadal.engine.serving;

import io.hadal.engine.Session;
import java.util.IdentityHashMap;

/** Bytes of sessions, in which what they share counts once. */
final class PageCount {
  // Pages by the number of states that hold them.
  private final IdentityHashMap<Object, Integer> users = new IdentityHashMap<>();
  private long bytes;

  long bytes() {
    return bytes;
  }

  void add(Session session) {
    session.memory(
        (page, size) -> {
          if (users.merge(page, 1, Integer::sum) == 1) {
            bytes += size;
          }
        });
  }

  void remove(Session session) {
    session.memory(
        (page, size) -> {
          if (users.merge(page, -1, Integer::sum) == 0) {
            users.remove(page);
            bytes -= size;
          }
        });
  }
}
