package io.hadal.model.engram;

import java.util.concurrent.atomic.LongAdder;

/** Running totals of a table. */
final class LookupCounts {
  private final LongAdder requests = new LongAdder();
  private final LongAdder rows = new LongAdder();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder bytesRead = new LongAdder();
  private final LongAdder waitNanos = new LongAdder();

  void request(int rowCount, int hitCount, int missCount) {
    requests.increment();
    rows.add(rowCount);
    hits.add(hitCount);
    misses.add(missCount);
  }

  void read(long bytes) {
    bytesRead.add(bytes);
  }

  void waited(long nanos) {
    waitNanos.add(nanos);
  }

  EngramCounters snapshot() {
    return new EngramCounters(
        requests.sum(), rows.sum(), hits.sum(), misses.sum(), bytesRead.sum(), waitNanos.sum());
  }
}
