package io.hadal.platform.metering;

import io.hadal.platform.LimitState;
import io.hadal.platform.budget.Hold;
import io.hadal.platform.limits.LimitTicket;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.Work;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/** An attempt that runs. It outlives its {@link Metered}, should that be dropped without an end. */
final class Attempt {
  /** Tokens of a step or two: money is held before they are needed. */
  private static final long AHEAD = 16;

  private static final long CHECKPOINT_TOKENS = 512;
  private static final long CHECKPOINT_MILLIS = 2000;

  private final Metering metering;
  private final Work work;
  private final long start;
  private final PriceSnapshot price;
  private final long quantum;
  private final LimitTicket ticket;
  private final @Nullable Hold hold;
  private @Nullable WeakReference<Metered> metered;

  /** Tokens of the answer that the hold pays for, if the prompt is no longer than was said. */
  private long covered;

  /** Tokens of the answer that limits know of. */
  private long reserved;

  private volatile Quantities last = Quantities.NONE;
  private long checkpointTokens;
  private long checkpointAt;
  private boolean ended;
  private boolean reported;
  private long cost;

  Attempt(
      Metering metering,
      Work work,
      long start,
      PriceSnapshot price,
      long quantum,
      long covered,
      LimitTicket ticket,
      @Nullable Hold hold) {
    this.metering = metering;
    this.work = work;
    this.start = start;
    this.price = price;
    this.quantum = quantum;
    this.ticket = ticket;
    this.hold = hold;
    this.covered = covered;
    this.reserved = quantum;
    this.checkpointAt = start;
  }

  /** What the caller has. */
  private static final class Handle implements Metered {
    private final Attempt attempt;

    Handle(Attempt attempt) {
      this.attempt = attempt;
    }

    @Override
    public boolean produced(Quantities soFar) {
      return attempt.produced(soFar);
    }

    @Override
    public long end(Ending ending) {
      return attempt.end(ending);
    }

    @Override
    public Runnable ending(Ending ending) {
      return attempt.begin(ending);
    }

    @Override
    public LimitState limits() {
      return attempt.limits();
    }

    @Override
    public long cost() {
      return attempt.cost();
    }
  }

  Metered handle() {
    Metered handle = new Handle(this);
    metered = new WeakReference<>(handle);
    return handle;
  }

  /** Whether nobody can end it any more. */
  boolean dropped() {
    WeakReference<Metered> reference = metered;
    return reference != null && reference.get() == null;
  }

  /** Whether it began before a moment; true once. */
  synchronized boolean reportOlder(long moment) {
    boolean report = !reported && start < moment;
    reported |= report;
    return report;
  }

  Work work() {
    return work;
  }

  /**
   * Prices at which a hold pays for whatever comes: the prompt may be cached or not, the answer
   * text or reasoning.
   */
  static PriceSnapshot highest(PriceSnapshot price) {
    long input = Math.max(price.input(), Math.max(price.cacheRead(), price.cacheWrite()));
    long output = Math.max(price.output(), price.reasoning());
    return new PriceSnapshot(
        price.id(),
        input,
        input,
        input,
        output,
        output,
        price.image(),
        price.second(),
        price.request());
  }

  /** Nano-USD to hold for a prompt and an answer; what is rounded away is held, too. */
  static long worst(PriceSnapshot price, long prompt, long output) {
    if (price.equals(PriceSnapshot.FREE)) {
      return 0;
    }
    return highest(price).cost(Quantities.tokens(prompt, 0, 0, output, 0)) + 1;
  }

  /** The same for all that is known of a request. */
  static long worst(PriceSnapshot price, Work work, long prompt, long output) {
    if (price.equals(PriceSnapshot.FREE)) {
      return 0;
    }
    Quantities all =
        new Quantities(prompt, 0, 0, output, 0, work.ahead().images(), work.ahead().seconds());
    return highest(price).cost(all) + 1;
  }

  private synchronized boolean produced(Quantities soFar) {
    if (ended) {
      return false;
    }
    last = soFar;
    long output = soFar.output();
    long now = metering.now();
    if (output - checkpointTokens >= CHECKPOINT_TOKENS || now - checkpointAt >= CHECKPOINT_MILLIS) {
      checkpointTokens = output;
      checkpointAt = now;
      metering.journal().checkpoint(work.requestId(), work.attempt(), soFar);
    }
    if (output > reserved) {
      long more = Math.max(output - reserved, Math.min(quantum, work.maxOutput() - reserved));
      ticket.extend(more, now);
      reserved += more;
    }
    if (hold == null || price.equals(PriceSnapshot.FREE)) {
      return true;
    }
    boolean asSaid =
        soFar.input() <= work.promptTokens() && soFar.images() == 0 && soFar.seconds() == 0;
    boolean asLong = output <= work.maxOutput() && covered >= work.maxOutput();
    // An upstream may not care how long an answer should be.
    if (asSaid && (output + AHEAD <= covered || asLong)) {
      return true;
    }
    return pay(hold, soFar);
  }

  private boolean pay(Hold money, Quantities soFar) {
    long ahead = Math.min(AHEAD, Math.max(1, work.maxOutput() - soFar.output()));
    long needed = price.cost(soFar) + worst(price, 0, ahead);
    if (needed <= money.amount()) {
      return true;
    }
    long more = Math.min(quantum, Math.max(ahead, work.maxOutput() - soFar.output()));
    if (money.extend(Math.max(needed - money.amount(), worst(price, 0, more)))) {
      covered = Math.max(covered, soFar.output()) + more;
      return true;
    }
    // The last of the money, in small parts.
    return money.extend(needed - money.amount());
  }

  private long end(Ending ending) {
    begin(ending).run();
    return cost();
  }

  private synchronized long cost() {
    return cost;
  }

  /** The money is free at once; the journal's waiting is left to the caller. */
  private synchronized Runnable begin(Ending ending) {
    if (ended) {
      return () -> {};
    }
    ended = true;
    long now = metering.now();
    try {
      cost = metering.cost(price, ending);
      return metering
          .journal()
          .ending(
              UsageEvent.of(
                  work, start, now, ending, price.id(), cost, hold == null ? null : hold.id()));
    } finally {
      if (hold != null) {
        hold.settle(cost);
      }
      ticket.end(ending.quantities(), now);
      metering.over(this, ending);
    }
  }

  /** Ends it as our mistake with what it is known to have taken. */
  void abandon() {
    end(Ending.local(last(), Outcome.ERROR, 500, 0, 0, 0));
  }

  /** What it is known to have taken. */
  Quantities last() {
    return last;
  }

  private synchronized LimitState limits() {
    return ticket.state(metering.now());
  }
}
