package io.hadal.engine.serving;

import io.hadal.engine.Engine;
import io.hadal.engine.Session;
import io.hadal.engine.serving.DispatcherBusyException.Cause;
import io.hadal.engine.serving.GenerationEnd.Reason;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Serves requests on one engine, which no one else should use meanwhile: takes them in from any
 * thread and runs them on a thread of its own.
 */
public final class Dispatcher implements AutoCloseable {
  private final Engine engine;
  private final DispatcherOptions options;
  private final ArrayDeque<Ticket> waiting = new ArrayDeque<>();
  private final Thread thread;
  private @Nullable Ticket current;
  private boolean draining;
  private boolean closed;
  private long nextId;
  private long generated;
  private long prompts;
  private long refused;
  private long steps;

  /** A dispatcher that runs at once; the engine stays open when it closes. */
  public Dispatcher(Engine engine, DispatcherOptions options) {
    this.engine = engine;
    this.options = options;
    this.thread = Thread.ofPlatform().name("hadal-engine").daemon().unstarted(this::loop);
    thread.start();
  }

  /** The engine whose requests these are. */
  public Engine engine() {
    return engine;
  }

  /**
   * Takes a request in.
   *
   * @throws DispatcherBusyException when it cannot be served soon
   * @throws IllegalArgumentException when it can never be served: ids outside the vocabulary, a
   *     prompt as long as the context or longer
   */
  public GenerationHandle submit(GenerationRequest request, GenerationListener listener)
      throws DispatcherBusyException {
    check(request);
    synchronized (this) {
      if (draining) {
        throw refuse(Cause.DRAINING, "the engine is going down");
      }
      if (waiting.size() >= options.maxWaiting()) {
        throw refuse(Cause.QUEUE_FULL, "the queue is full");
      }
      Ticket ticket = new Ticket(nextId++, request, listener, this::wake);
      waiting.add(ticket);
      notifyAll();
      return ticket;
    }
  }

  private DispatcherBusyException refuse(Cause cause, String message) {
    refused++;
    return new DispatcherBusyException(cause, 1, message);
  }

  private void check(GenerationRequest request) {
    int vocab = engine.model().config().vocabSize();
    int[] prompt = request.prompt();
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
    }
  }

  private synchronized void wake() {
    notifyAll();
  }

  /** Figures of this moment. */
  public synchronized DispatcherStats stats() {
    Map<PriorityClass, Integer> queued = new EnumMap<>(PriorityClass.class);
    waiting.forEach(t -> queued.merge(t.request.priority(), 1, Integer::sum));
    return new DispatcherStats(
        current == null ? 0 : 1,
        queued,
        current == null ? 0 : 1,
        0,
        0,
        engine.store().usedBytes(),
        engine.store().budgetBytes(),
        steps,
        prompts,
        0,
        generated,
        0,
        0,
        0,
        0,
        0,
        refused);
  }

  /**
   * Takes no more requests, ends those that wait and lets running ones finish.
   *
   * @return true when all have ended within the time
   */
  public synchronized boolean drain(Duration timeout) throws InterruptedException {
    draining = true;
    notifyAll();
    long end = System.nanoTime() + timeout.toNanos();
    while (!waiting.isEmpty() || current != null) {
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
      notifyAll();
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

  private void loop() {
    while (true) {
      Ticket ticket;
      synchronized (this) {
        current = null;
        notifyAll();
        while (waiting.isEmpty() && !closed) {
          try {
            wait();
          } catch (InterruptedException e) {
            closed = true;
          }
        }
        if (waiting.isEmpty()) {
          return;
        }
        ticket = Objects.requireNonNull(waiting.poll());
        current = ticket;
      }
      try {
        serve(ticket);
      } catch (RuntimeException e) {
        ticket.listener.onError(e);
      }
    }
  }

  private @Nullable Reason interruption(Ticket ticket) {
    long now = System.nanoTime();
    synchronized (this) {
      if (closed) {
        return Reason.SHUTDOWN;
      }
    }
    if (ticket.isCancelled()) {
      return Reason.CANCELLED;
    }
    return ticket.isLate(now) ? Reason.TIME_LIMIT : null;
  }

  private void serve(Ticket ticket) {
    GenerationRequest request = ticket.request;
    int[] prompt = request.prompt();
    long started = System.nanoTime();
    Reason reason = interruption(ticket);
    try (Session session = engine.newSession()) {
      ticket.listener.onPrefill(0, prompt.length, 0);
      int step = engine.options().stepTokens();
      while (reason == null && session.length() < prompt.length) {
        int from = session.length();
        session.append(Arrays.copyOfRange(prompt, from, Math.min(prompt.length, from + step)));
        ticket.listener.onPrefill(session.length(), prompt.length, 0);
        reason = interruption(ticket);
      }
      long first = System.nanoTime();
      for (int choice = 0; choice < request.choices(); choice++) {
        Answer answer =
            new Answer(
                request,
                ticket.listener,
                choice,
                engine.options().context(),
                engine.model().config().imageId());
        Reason end = reason == null ? decode(ticket, session, answer) : reason;
        long now = System.nanoTime();
        ticket.listener.onEnd(
            choice,
            new GenerationEnd(
                end,
                answer.stopId(),
                prompt.length,
                0,
                answer.count(),
                0,
                0,
                Duration.ofNanos(started - ticket.submitted),
                Duration.ofNanos(first - started),
                Duration.ofNanos(now - first)));
      }
    }
  }

  private Reason decode(Ticket ticket, Session prompt, Answer answer) {
    try (Session session = prompt.fork()) {
      while (true) {
        Reason end = answer.next(session.logits());
        synchronized (this) {
          generated++;
        }
        if (end == null) {
          end = interruption(ticket);
        }
        if (end != null) {
          return end;
        }
        session.append(answer.token(answer.count() - 1));
      }
    }
  }
}
