package io.hadal.platform.journal;

import io.hadal.platform.usage.Quantities;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Attempts that have begun and not ended. */
final class OpenAttempts {
  private record Key(String requestId, int attempt) {}

  /** An attempt, and how far it has come. */
  static final class Attempt {
    private final JournalRecord.Admit admit;

    /** No file before this one holds it. */
    private volatile long segment;

    private volatile JournalRecord.@Nullable Checkpoint checkpoint;

    private Attempt(JournalRecord.Admit admit, long segment) {
      this.admit = admit;
      this.segment = segment;
    }

    JournalRecord.Admit admit() {
      return admit;
    }

    JournalRecord.@Nullable Checkpoint checkpoint() {
      return checkpoint;
    }

    Quantities quantities() {
      JournalRecord.Checkpoint last = checkpoint;
      return last == null ? Quantities.NONE : last.quantities();
    }

    /** When it was last heard of. */
    long time() {
      JournalRecord.Checkpoint last = checkpoint;
      return last == null ? admit.start() : Math.max(admit.start(), last.time());
    }

    void movedTo(long file) {
      segment = file;
    }
  }

  private final Map<Key, Attempt> attempts = new ConcurrentHashMap<>();

  void began(JournalRecord.Admit admit, long segment) {
    Key key = new Key(admit.work().requestId(), admit.work().attempt());
    Attempt known = attempts.get(key);
    if (known == null) {
      attempts.put(key, new Attempt(admit, segment));
    } else {
      known.movedTo(segment);
    }
  }

  /** Returns false when there is no such attempt. */
  boolean reached(JournalRecord.Checkpoint checkpoint) {
    Attempt attempt = attempts.get(new Key(checkpoint.requestId(), checkpoint.attempt()));
    if (attempt == null) {
      return false;
    }
    attempt.checkpoint = checkpoint;
    return true;
  }

  /** Money held for an attempt, nano-USD; 0 when it is not there. */
  long held(String requestId, int number) {
    Attempt attempt = attempts.get(new Key(requestId, number));
    return attempt == null ? 0 : attempt.admit.held();
  }

  void ended(String requestId, int number) {
    attempts.remove(new Key(requestId, number));
  }

  int size() {
    return attempts.size();
  }

  List<Attempt> all() {
    return new ArrayList<>(attempts.values());
  }

  /** Those that a file up to this one may hold. */
  List<Attempt> upTo(long segment) {
    return attempts.values().stream().filter(a -> a.segment <= segment).toList();
  }
}
