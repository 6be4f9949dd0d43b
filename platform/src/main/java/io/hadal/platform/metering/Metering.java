package io.hadal.platform.metering;

import io.hadal.platform.PeriodicTask;
import io.hadal.platform.Refusal;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.budget.Hold;
import io.hadal.platform.limits.LimitTicket;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Gate;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.UsageEvent;
import io.hadal.platform.usage.UsageJournal;
import io.hadal.platform.usage.Work;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The gate in front of models: limits, then money, then the journal. An attempt that its caller
 * drops is ended here and counted; one that takes very long is reported.
 */
public final class Metering implements Gate, AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  /** Least tokens of an answer to hold money for, when it may be that long. */
  static final long LEAST_QUANTUM = 256;

  private final RateLimits limits;
  private final Budgets budgets;
  private final Prices prices;
  private final UsageJournal journal;
  private final Charging faults;
  private final Clock clock;
  private final Duration longest;
  private final OutputLengths lengths = new OutputLengths();
  private final Set<Attempt> running = ConcurrentHashMap.newKeySet();
  private final AtomicLong leaked = new AtomicLong();

  /** Held while an attempt goes from those that run to what is over; attempts may be locked. */
  private final ReentrantLock counting = new ReentrantLock();

  /** Held while something is booked that is over. */
  private final ReentrantLock booking = new ReentrantLock();

  /** What projects have done that is over. */
  private final Map<String, ProjectFigures> over = new ConcurrentHashMap<>();

  /** Whether the last sweep went well. */
  private boolean sweeping = true;

  private final PeriodicTask sweeper = new PeriodicTask("hadal-metering", this::sweep);

  /**
   * A gate; nothing is swept before {@link #start}.
   *
   * @param faults who pays when something of ours goes wrong
   * @param longest age at which an attempt is reported
   */
  public Metering(
      RateLimits limits,
      Budgets budgets,
      Prices prices,
      UsageJournal journal,
      Charging faults,
      Clock clock,
      Duration longest) {
    this.limits = limits;
    this.budgets = budgets;
    this.prices = prices;
    this.journal = journal;
    this.faults = faults;
    this.clock = clock;
    this.longest = longest;
  }

  /** Sweeps limits, budgets and attempts every second from now on. */
  public void start() {
    sweeper.every(Duration.ofSeconds(1));
  }

  @Override
  public Metered admit(Work work) {
    long start = clock.millis();
    PriceSnapshot price = prices.at(work.modelVersion(), work.identity().project(), start);
    long most = Math.max(0, work.maxOutput());
    long quantum =
        Math.min(
            most,
            Math.max(
                LEAST_QUANTUM, lengths.ninthDecile(work.identity().key(), work.modelVersion())));
    Work.Ahead ahead = work.ahead();
    long whole = Math.min(most, Math.max(quantum, ahead.tokens()));
    long part = Math.min(most, Math.max(quantum, Math.min(ahead.least(), ahead.tokens())));
    LimitTicket ticket = limits.admit(work, quantum);
    Hold hold = null;
    boolean admitted = false;
    long covered;
    try {
      long all = Attempt.worst(price, work, Math.max(work.promptTokens(), ahead.prompt()), whole);
      long least = Attempt.worst(price, work, work.promptTokens(), part);
      hold = budgets.hold(work, start, all, least);
      covered = hold == null || hold.amount() >= all ? whole : part;
      String id = hold == null ? null : hold.id();
      journal.admit(work, start, id, hold == null || id == null ? 0 : hold.amount());
      admitted = true;
    } finally {
      if (!admitted) {
        if (hold != null) {
          hold.settle(0);
        }
        ticket.undo(clock.millis());
      }
    }
    Attempt attempt = new Attempt(this, work, start, price, quantum, covered, ticket, hold);
    Metered handle = attempt.handle();
    running.add(attempt);
    return handle;
  }

  @Override
  public void book(Work work, long start, Ending ending) {
    booking.lock();
    try {
      // Whoever booked it may have died before it could note that; budgets have counted it.
      if (!journal.ended(work.requestId(), work.attempt())) {
        bookOnce(work, start, ending);
      }
    } finally {
      booking.unlock();
    }
  }

  private void bookOnce(Work work, long start, Ending ending) {
    PriceSnapshot price = prices.at(work.modelVersion(), work.identity().project(), start);
    long cost = cost(price, ending);
    Hold hold = null;
    try {
      hold = cost == 0 ? null : budgets.hold(work, start, cost);
    } catch (Refusal e) {
      LOG.log(
          Level.INFO, "metering: request {0} cost more than its budget has left", work.requestId());
      hold = budgets.overdraw(work, start, cost);
    }
    try {
      String id = hold == null ? null : hold.id();
      journal.admit(work, start, id, id == null ? 0 : cost);
      journal.end(UsageEvent.of(work, start, clock.millis(), ending, price.id(), cost, id));
    } finally {
      if (hold != null) {
        hold.settle(cost);
      }
    }
  }

  /** What the customer pays, nano-USD. */
  long cost(PriceSnapshot price, Ending ending) {
    return faults.costOf(ending.outcome(), price, ending.quantities());
  }

  long now() {
    return clock.millis();
  }

  UsageJournal journal() {
    return journal;
  }

  void over(Attempt attempt, Ending ending) {
    counting.lock();
    try {
      over.merge(
          attempt.work().identity().project(),
          ProjectFigures.NONE.plus(0, ending.quantities()),
          (before, _) -> before.plus(0, ending.quantities()));
      running.remove(attempt);
    } finally {
      counting.unlock();
    }
    if (ending.outcome().charged() && ending.quantities().output() > 0) {
      Work work = attempt.work();
      lengths.add(work.identity().key(), work.modelVersion(), ending.quantities().output());
    }
  }

  /** Attempts that run now. */
  public int active() {
    return running.size();
  }

  /** What a project has done here so far. */
  public ProjectFigures figures(String project) {
    counting.lock();
    try {
      ProjectFigures sum = over.getOrDefault(project, ProjectFigures.NONE);
      for (Attempt attempt : running) {
        if (attempt.work().identity().project().equals(project)) {
          sum = sum.plus(1, attempt.last());
        }
      }
      return sum;
    } finally {
      counting.unlock();
    }
  }

  /** Attempts that were dropped without an end, so far. */
  public long leaked() {
    return leaked.get();
  }

  /** What {@link #start} does every second. */
  public void sweep() {
    boolean tell = sweeping;
    boolean limitsWell = quietly(limits::sweep, tell);
    boolean budgetsWell = quietly(budgets::sweep, tell);
    sweeping = limitsWell && budgetsWell;
    long old = clock.millis() - longest.toMillis();
    for (Attempt attempt : running) {
      if (attempt.dropped()) {
        leaked.incrementAndGet();
        LOG.log(
            Level.WARNING,
            "metering: request {0} was dropped without an end, and counts as an error of ours",
            attempt.work().requestId());
        quietly(attempt::abandon, true);
      } else if (attempt.reportOlder(old)) {
        LOG.log(
            Level.WARNING,
            "metering: request {0} has run for longer than {1}",
            new Object[] {attempt.work().requestId(), longest});
      }
    }
  }

  /** Returns whether it went well; of a long outage the first failure is told. */
  private static boolean quietly(Runnable work, boolean tell) {
    try {
      work.run();
      return true;
    } catch (RuntimeException e) {
      if (tell) {
        LOG.log(Level.WARNING, "metering: a sweep failed: {0}", e.getMessage());
      }
      return false;
    }
  }

  /** Sweeps soon: another node has changed a limit or a budget. */
  public void wake() {
    sweeper.soon();
  }

  /** Ends the sweeping, and gives back what this node has leased; attempts should have ended. */
  @Override
  public void close() {
    sweeper.close(Duration.ofMinutes(1));
    quietly(limits::close, true);
    quietly(budgets::close, true);
  }
}
