package io.hadal.server;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** What became of requests, in memory that does not grow with them. */
final class LoadFigures {
  /** Most faults whose text is kept. */
  private static final int MOST_FAULTS = 20;

  /** Microseconds to the first token, of complete answers. */
  final Histogram first = new ConcurrentHistogram(3);

  /** Complete answers. */
  final AtomicLong answered = new AtomicLong();

  /** Tokens of complete answers. */
  final AtomicLong tokens = new AtomicLong();

  /** 429 and 503, with the time to come back. */
  final AtomicLong refused = new AtomicLong();

  /** 402. */
  final AtomicLong unpaid = new AtomicLong();

  /** Streams that ended with an error before their first token. */
  final AtomicLong ended = new AtomicLong();

  final Queue<String> faults = new ConcurrentLinkedQueue<>();

  void fault(String text) {
    if (faults.size() < MOST_FAULTS) {
      faults.add(text);
    }
  }

  /** Seconds to the first token of a part of the answers. */
  double first(double percentile) {
    return first.getValueAtPercentile(percentile) / 1e6;
  }

  @Override
  public String toString() {
    return "%d answered, %d tokens, %d refused, %d unpaid, %d ended, first token p50 %.3f s p95 %.3f s p99 %.3f s, faults %s"
        .formatted(
            answered.get(),
            tokens.get(),
            refused.get(),
            unpaid.get(),
            ended.get(),
            first(50),
            first(95),
            first(99),
            faults);
  }
}
