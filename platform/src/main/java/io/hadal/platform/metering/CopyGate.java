package io.hadal.platform.metering;

import io.hadal.platform.LimitState;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Gate;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.UsageJournal;
import io.hadal.platform.usage.Work;
import java.time.Clock;

/**
 * Lets requests pass that nobody asked for: copies for comparison, and probes (platform
 * specification, 2.5 and 2.7). They take nothing of limits and budgets and are never charged; each
 * has its own event, in which the cost at an upstream stands. A process that dies in the middle of
 * one leaves no event.
 */
public final class CopyGate implements Gate {
  private final UsageJournal journal;
  private final Clock clock;

  public CopyGate(UsageJournal journal, Clock clock) {
    this.journal = journal;
    this.clock = clock;
  }

  @Override
  public Metered admit(Work work) {
    return new Copy(work, clock.millis());
  }

  private final class Copy implements Metered {
    private final Work work;
    private final long start;
    private boolean ended;

    Copy(Work work, long start) {
      this.work = work;
      this.start = start;
    }

    @Override
    public boolean produced(Quantities soFar) {
      return true;
    }

    @Override
    public synchronized long end(Ending ending) {
      if (ended) {
        return 0;
      }
      ended = true;
      journal.end(
          new UsageEvent(
              work,
              start,
              ending.firstToken(),
              clock.millis(),
              Outcome.SHADOW,
              ending.status(),
              ending.quantities(),
              ending.estimated(),
              0,
              0,
              ending.upstreamCost(),
              ending.upstreamRequestId(),
              null,
              ending.queueMillis(),
              ending.tokenMicros()));
      return 0;
    }

    @Override
    public LimitState limits() {
      return LimitState.NONE;
    }

    @Override
    public long cost() {
      return 0;
    }
  }
}
