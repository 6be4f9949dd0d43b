package io.hadal.engine.serving;

import io.hadal.engine.serving.DispatcherBusyException.Cause;
import org.jspecify.annotations.Nullable;

/** Whether a request may wait: rules without threads, which simulations share. */
final class Admission {
  /** Part of a full queue that should be served before another attempt is worth it. */
  private static final double RETRY_PART = 1.0 / 8;

  private Admission() {}

  /** Why a request is refused, and when another attempt is worth it. */
  record Refusal(Cause cause, double seconds, String message) {}

  /** Work that a request will probably take. */
  static double work(GenerationRequest request, int promptTokens, RunningBatch.Figures now) {
    double output = Math.min(request.maxTokens(), now.meanOutput()) * request.choices();
    return promptTokens + RunningBatch.ANSWER_WORK * output;
  }

  /**
   * Judges a request.
   *
   * @param work that it will probably take
   * @return null when it may wait
   */
  static @Nullable Refusal refuse(
      GenerationRequest request,
      double work,
      WaitingQueue waiting,
      DispatcherOptions options,
      RunningBatch.Figures now) {
    double rate = now.workPerSecond();
    int free = Math.max(0, options.maxRunning() - now.placed());
    if (waiting.size() >= options.maxWaiting() + free) {
      return new Refusal(
          Cause.QUEUE_FULL,
          RETRY_PART * seconds(waiting.work(), rate),
          "the queue of " + options.maxWaiting() + " is full");
    }
    if (waiting.size(request.tenant()) >= options.maxWaitingPerTenant() + free) {
      return new Refusal(
          Cause.TENANT_QUEUE_FULL,
          RETRY_PART * seconds(ahead(waiting, request.priority(), 0), rate),
          options.maxWaitingPerTenant() + " requests of this key are waiting already");
    }
    double wait =
        waiting.size() < free ? 0 : seconds(ahead(waiting, request.priority(), work), rate);
    double longest = request.priority().longestWait().toMillis() / 1e3;
    if (wait > longest) {
      return new Refusal(
          Cause.TOO_LONG_A_WAIT,
          wait - longest,
          "the request would have to wait for about " + Math.round(wait) + " s");
    }
    return null;
  }

  /** Waiting work that comes before more work of a class, if nothing else comes. */
  private static double ahead(WaitingQueue waiting, PriorityClass priority, double more) {
    double own = waiting.work(priority) + more;
    double ahead = waiting.work(priority);
    for (PriorityClass other : PriorityClass.values()) {
      if (other != priority) {
        ahead += Math.min(waiting.work(other), own * other.weight() / priority.weight());
      }
    }
    return ahead;
  }

  /** Seconds that work takes; 0 when that is not known yet. */
  private static double seconds(double work, double rate) {
    return rate == 0 ? 0 : work / rate;
  }
}
