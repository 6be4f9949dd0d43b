package io.hadal.engine.serving;

import io.hadal.engine.serving.GenerationEnd.Reason;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A request on its way: what its owner may set from outside, and its times. */
final class Ticket implements GenerationHandle {
  final GenerationRequest request;
  final GenerationListener listener;
  final long submitted;

  /** Work it will probably take; and what is still reserved for it, under the share's lock. */
  final double expectedWork;

  double reserved;

  /** Seconds to the first token as predicted when it came; 0 for unknown. */
  double predicted;

  private final long id;
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private final Runnable wake;
  private volatile boolean paused;

  Ticket(
      long id,
      long submitted,
      GenerationRequest request,
      GenerationListener listener,
      double expectedWork,
      Runnable wake) {
    this.id = id;
    this.submitted = submitted;
    this.expectedWork = expectedWork;
    this.request = request;
    this.listener = listener;
    this.wake = wake;
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public void cancel() {
    if (cancelled.compareAndSet(false, true)) {
      wake.run();
    }
  }

  @Override
  public void pause() {
    paused = true;
  }

  @Override
  public void resume() {
    paused = false;
    wake.run();
  }

  boolean isCancelled() {
    return cancelled.get();
  }

  boolean isPaused() {
    return paused;
  }

  /** Tells how late its first token was; only where a promise is near does that matter. */
  void learn(PredictionMargin margin, long now) {
    FirstTokenPromise promise = request.promise();
    if (promise == null) {
      return;
    }
    double most = promise.seconds(request.prompt().length);
    if (margin.factor() * predicted > most / 4) {
      margin.learn((now - submitted) / 1e9 <= most, promise.part());
    }
  }

  /** Why the request must end now, wherever it is; null when it may go on. */
  @Nullable Reason interruption(long now) {
    if (isCancelled()) {
      return Reason.CANCELLED;
    }
    return isLate(now) ? Reason.TIME_LIMIT : null;
  }

  /** True when the request has taken longer than it may. */
  boolean isLate(long now) {
    return request.timeLimit() != null && now - submitted > request.timeLimit().toNanos();
  }

  /** True when the request has waited longer than its class allows. */
  boolean hasWaitedTooLong(long now) {
    return now - submitted > request.priority().longestWait().toNanos();
  }
}
