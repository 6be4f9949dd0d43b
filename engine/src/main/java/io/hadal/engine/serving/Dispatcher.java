package io.hadal.engine.serving;

import io.hadal.engine.Engine;
import io.hadal.engine.TextEmbedding;
import io.hadal.engine.serving.DispatcherBusyException.Cause;
import io.hadal.engine.serving.GenerationEnd.Reason;
import io.hadal.model.cache.KvBudgetException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Serves requests on one engine, which no one else should use meanwhile: takes them in from any
 * thread and runs them together on a thread of its own. Classes and tenants share the engine (see
 * {@link PriorityClass}); what runs together changes when tokens come, never which.
 */
public final class Dispatcher implements AutoCloseable {
  /** How often waiting requests are looked through for those that have to end. */
  private static final long SWEEP_NANOS = 20_000_000;

  /** Idle time after which retained states are written to disk. */
  private static final long QUIET_MILLIS = 1000;

  private static final int LONGEST_RETRY_SECONDS = 3600;

  private static final System.Logger LOG = System.getLogger("hadal.engine");

  private final Engine engine;
  private DispatcherOptions options;
  private final WaitingQueue waiting = new WaitingQueue();
  private final Deque<EmbeddingJob> embeddings = new ArrayDeque<>();
  private final FairShare share = new FairShare();
  private final RunningBatch batch;
  private final Thread thread;
  private boolean draining;
  private boolean closed;
  private boolean woken;
  private long lastSweep;
  private long nextId;
  private int unfinished;
  private long refused;
  private final Headroom headroom = new Headroom(System.nanoTime());
  private final PredictionMargin margin = new PredictionMargin();
  private volatile StepObserver observer = StepObserver.NONE;

  /**
   * A dispatcher that runs at once; the engine stays open when it closes.
   *
   * @throws IllegalArgumentException for an engine with bounded replay, whose results depend on how
   *     a prompt is cut
   * @throws io.hadal.formats.FormatException when the folder of prefixes cannot be used
   */
  public Dispatcher(Engine engine, DispatcherOptions options) {
    if (engine.options().boundedReplay()) {
      throw new IllegalArgumentException(
          "bounded replay needs prompts in one piece; a dispatcher cuts them");
    }
    this.engine = engine;
    this.options = options;
    this.batch = new RunningBatch(engine, options, share, margin, this::over, this::wake);
    this.thread = Thread.ofPlatform().name("hadal-engine").daemon().unstarted(this::run);
    thread.start();
  }

  /** Tells how long steps take, from the next one on; the observer before is told no more. */
  public void observe(StepObserver now) {
    observer = now;
  }

  /** How requests are served now. */
  public synchronized DispatcherOptions options() {
    return options;
  }

  /** The engine whose requests these are. */
  public Engine engine() {
    return engine;
  }

  /**
   * Takes a request in.
   *
   * @throws DispatcherBusyException when it cannot be served soon
   * @throws IllegalArgumentException when it can never be served: ids outside the vocabulary or
   *     that stand for images, a prompt as long as the context or longer
   */
  public GenerationHandle submit(GenerationRequest request, GenerationListener listener)
      throws DispatcherBusyException {
    check(request.prompt());
    synchronized (this) {
      RunningBatch.Figures now = batch.figures();
      double work = Admission.work(request, request.prompt().length, now);
      if (draining) {
        throw refuse(Cause.DRAINING, 1, "the engine is going down");
      }
      headroom.add(work, now.workPerSecond(), System.nanoTime());
      Admission.Refusal refusal =
          Admission.refuse(request, work, waiting, options, now, margin.factor());
      if (refusal != null) {
        throw refuse(refusal.cause(), refusal.seconds(), refusal.message());
      }
      Ticket ticket = new Ticket(nextId++, System.nanoTime(), request, listener, work, this::wake);
      ticket.predicted = Admission.firstToken(request, waiting, now);
      share.enter(ticket);
      waiting.add(ticket);
      unfinished++;
      wake();
      return ticket;
    }
  }

  private DispatcherBusyException refuse(Cause cause, double seconds, String message) {
    refused++;
    return new DispatcherBusyException(
        cause, (int) Math.clamp(Math.ceil(seconds), 1, LONGEST_RETRY_SECONDS), message);
  }

  /**
   * Computes a {@link TextEmbedding}, between the steps of running answers.
   *
   * @return the vector {@code [hidden]}; cancelled when the dispatcher closes first, failed with
   *     {@link KvBudgetException} when there is no room for it; cancelling it ends the computation
   * @throws DispatcherBusyException when it cannot be served soon
   * @throws IllegalArgumentException when it can never be served, as with {@link #submit}
   */
  public CompletableFuture<float[]> embed(int[] tokens) throws DispatcherBusyException {
    if (tokens.length == 0) {
      throw new IllegalArgumentException("no tokens given");
    }
    check(tokens);
    synchronized (this) {
      if (draining) {
        throw refuse(Cause.DRAINING, 1, "the engine is going down");
      }
      if (embeddings.size() > options.maxWaiting()) {
        throw refuse(Cause.QUEUE_FULL, 1, "the queue of " + options.maxWaiting() + " is full");
      }
      EmbeddingJob job = new EmbeddingJob(engine, tokens);
      embeddings.add(job);
      unfinished++;
      wake();
      return job.result();
    }
  }

  private void check(int[] prompt) {
    int vocab = engine.model().config().vocabSize();
    int image = engine.options().plainImageIds() ? -1 : engine.model().config().imageId();
    int context = engine.options().context();
    if (prompt.length >= context) {
      throw new IllegalArgumentException(
          "prompt of " + prompt.length + " tokens; the context of " + context + " is shorter");
    }
    for (int id : prompt) {
      if (id < 0 || id >= vocab) {
        throw new IllegalArgumentException(
            "token id " + id + " is outside the vocabulary of " + vocab);
      }
      if (id == image) {
        throw new IllegalArgumentException(
            "token id " + id + " stands for an image, but no image was given");
      }
    }
  }

  private synchronized void wake() {
    woken = true;
    notifyAll();
  }

  /**
   * Other limits, from the next step on. Requests that run or wait stay, even if they are more than
   * that now.
   *
   * @param running most sequences in a step
   * @param waitingRequests most requests in the queue
   * @param waitingPerTenant most of one tenant
   * @param tokenTarget longest time a step should take while answers are running
   */
  public synchronized void limits(
      int running, int waitingRequests, int waitingPerTenant, Duration tokenTarget) {
    options =
        options.withLimits(running, waitingRequests, waitingPerTenant).withTokenTarget(tokenTarget);
    batch.limits(options);
    wake();
  }

  /** True when states of prompts are retained for later requests. */
  public synchronized boolean retainsPrefixes() {
    return options.prefixMemoryBytes() > 0;
  }

  /** Figures of this moment. */
  public synchronized DispatcherStats stats() {
    double free = headroom.ratio(batch.figures().workPerSecond(), System.nanoTime());
    return batch.stats().with(waiting.counts(), engine.store().usedBytes(), refused, free);
  }

  /**
   * Takes no more requests, ends those that wait and lets running ones finish.
   *
   * @return true when all have ended within the time
   */
  public synchronized boolean drain(Duration timeout) throws InterruptedException {
    draining = true;
    wake();
    long end = System.nanoTime() + timeout.toNanos();
    while (unfinished > 0) {
      long rest = (end - System.nanoTime()) / 1_000_000;
      if (rest <= 0) {
        return false;
      }
      wait(rest);
    }
    return true;
  }

  /** Ends all requests and the thread. */
  @Override
  public void close() {
    synchronized (this) {
      draining = true;
      closed = true;
      wake();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    @Nullable RuntimeException failure = new IllegalStateException("the engine's thread has died");
    try {
      loop();
      batch.endAll(Reason.SHUTDOWN);
      failure = null;
    } finally {
      List<Ticket> left;
      List<EmbeddingJob> jobs;
      synchronized (this) {
        draining = true;
        left = waiting.removeIf(t -> true);
        jobs = List.copyOf(embeddings);
      }
      for (EmbeddingJob job : jobs) {
        job.cancel();
        over(job);
      }
      for (Ticket ticket : left) {
        gone(ticket, failure == null ? Reason.SHUTDOWN : null, failure);
      }
      if (failure != null) {
        batch.failAll(failure);
      }
      batch.close();
      observer.ended();
    }
  }

  private void loop() {
    while (true) {
      Map<Ticket, Reason> ended = new LinkedHashMap<>();
      EmbeddingJob job;
      boolean idle;
      long now = System.nanoTime();
      batch.expire(now);
      synchronized (this) {
        if (closed) {
          return;
        }
        if (woken || now - lastSweep > SWEEP_NANOS) {
          woken = false;
          lastSweep = now;
          waiting.removeIf(
              t -> {
                Reason reason = reason(t, now);
                if (reason != null) {
                  ended.put(t, reason);
                }
                return reason != null;
              });
        }
        Placement.fill(waiting, share, batch);
        job = embeddings.peek();
        idle = batch.idle(now);
        if (ended.isEmpty() && idle && job == null) {
          sleep();
          continue;
        }
      }
      ended.forEach((ticket, reason) -> gone(ticket, reason, null));
      if (job != null && job.step(idle, batch::evict)) {
        over(job);
      }
      StepSize size = batch.step();
      if (size != null && job == null) {
        observer.step(size, System.nanoTime() - now);
      }
    }
  }

  /** Why a waiting request must end; null when it may go on waiting. */
  private @Nullable Reason reason(Ticket ticket, long now) {
    Reason reason = ticket.interruption(now);
    if (reason == null && draining) {
      return Reason.SHUTDOWN;
    }
    return reason == null && ticket.hasWaitedTooLong(now) ? Reason.QUEUE_TIMEOUT : reason;
  }

  @SuppressWarnings("WaitNotInLoop") // the caller is a loop, which looks at everything again
  private void sleep() {
    if (woken) {
      return;
    }
    try {
      if (unfinished == 0 && batch.hasUnsaved()) {
        wait(QUIET_MILLIS);
        if (!woken) {
          batch.save();
        }
      } else if (unfinished == 0) {
        wait(batch.untilExpiry(System.nanoTime()));
      } else {
        // Somebody is paused or waits: times have to be kept.
        wait(SWEEP_NANOS / 1_000_000);
      }
    } catch (InterruptedException e) {
      closed = true;
    }
  }

  /** Reports the end of a request that never left the queue, or its failure. */
  private void gone(Ticket ticket, @Nullable Reason reason, @Nullable RuntimeException failure) {
    Turn turn = new Turn(ticket);
    try {
      if (failure != null) {
        ticket.listener.onError(failure);
      } else if (reason != null) {
        for (int choice = 0; choice < ticket.request.choices(); choice++) {
          ticket.listener.onEnd(choice, turn.end(reason, -1, 0));
        }
      }
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "a listener failed at the end of its request", e);
    }
    over(turn);
  }

  private synchronized void over(Turn turn) {
    share.leave(turn.ticket);
    unfinished--;
    notifyAll();
  }

  private synchronized void over(EmbeddingJob job) {
    embeddings.remove(job);
    unfinished--;
    notifyAll();
  }
}
