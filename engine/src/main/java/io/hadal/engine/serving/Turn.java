package io.hadal.engine.serving;

import java.time.Duration;

/** A request that has left the queue: what its answers share. Used by the engine's thread. */
final class Turn {
  final Ticket ticket;
  final GenerationRequest request;
  final GenerationListener listener;
  private final long started = System.nanoTime();
  private long firstToken;

  /** Tokens of the prompt that did not have to be computed; -1 until it begins. */
  int cached = -1;

  /** True when the whole prompt has been taken in once. */
  boolean prompted;

  /** Length of what the prompt shares with another one that goes on differently; 0 for none. */
  int branch;

  /** Answers that have not ended. */
  int open;

  Turn(Ticket ticket) {
    this.ticket = ticket;
    this.request = ticket.request;
    this.listener = ticket.listener;
    this.open = request.choices();
  }

  /** The prompt is complete. */
  void prompted() {
    prompted = true;
    firstToken = System.nanoTime();
  }

  /**
   * How an answer ends.
   *
   * @param stopId the stop token, -1 for none
   * @param generated tokens of the answer
   */
  GenerationEnd end(GenerationEnd.Reason reason, int stopId, int generated) {
    long now = System.nanoTime();
    long first = prompted ? firstToken : now;
    return new GenerationEnd(
        reason,
        stopId,
        request.prompt().length,
        Math.max(0, cached),
        generated,
        Duration.ofNanos(started - ticket.submitted),
        Duration.ofNanos(first - started),
        Duration.ofNanos(now - first));
  }
}
