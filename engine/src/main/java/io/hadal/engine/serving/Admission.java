package io.hadal.engine.serving;

import io.hadal.engine.serving.DispatcherBusyException.Cause;
import org.jspecify.annotations.Nullable;

/** Whether a request may wait: rules without threads, which simulations share. */
final class Admission {
  /** Part of a full queue that should be served before another attempt is worth it. */
  private static final double RETRY_PART = 1.0 / 8;

  /** Part of the queue that is left to tenants with little in it. */
  private static final double LEFT_PART = 1.0 / 8;

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
   * @param margin what predictions have to be multiplied by to be kept
   * @return null when it may wait
   */
  static @Nullable Refusal refuse(
      GenerationRequest request,
      double work,
      WaitingQueue waiting,
      DispatcherOptions options,
      RunningBatch.Figures now,
      double margin) {
    double rate = now.workPerSecond();
    int free = Math.max(0, options.maxRunning() - now.placed());
    if (waiting.size() >= room(request.tenant(), waiting, options.maxWaiting()) + free) {
      return new Refusal(
          Cause.QUEUE_FULL,
          RETRY_PART * seconds(waiting.work(), rate),
          "the queue of " + options.maxWaiting() + " is full");
    }
    if (waiting.size(request.tenant()) >= options.maxWaitingPerTenant() + free) {
      return new Refusal(
          Cause.TENANT_QUEUE_FULL,
          RETRY_PART * seconds(waiting.ahead(request.priority(), request.tenant(), 0), rate),
          options.maxWaitingPerTenant() + " requests of this key are waiting already");
    }
    double wait =
        waiting.size() < free
            ? 0
            : seconds(waiting.ahead(request.priority(), request.tenant(), work), rate);
    double longest = request.priority().longestWait().toMillis() / 1e3;
    if (wait > longest) {
      return new Refusal(
          Cause.TOO_LONG_A_WAIT,
          wait - longest,
          "the request would have to wait for about " + Math.round(wait) + " s");
    }
    FirstTokenPromise promise = request.promise();
    if (promise != null && !inTime(request, promise, waiting, now, margin)) {
      double most = promise.seconds(request.prompt().length);
      return new Refusal(
          Cause.TOO_LONG_A_WAIT,
          firstToken(request, waiting, now) - most / margin,
          "the first token would come later than the %.1f s that are promised".formatted(most));
    }
    return null;
  }

  /**
   * Requests that may wait until one of a tenant is refused: some room is left to those who have
   * less of the queue than an equal part, so that nobody is shut out by others.
   */
  private static int room(String tenant, WaitingQueue waiting, int most) {
    boolean less = (waiting.size(tenant) + 1L) * (waiting.tenants() + 1) <= most;
    return less ? most : most - (int) (LEFT_PART * most);
  }

  private static boolean inTime(
      GenerationRequest request,
      FirstTokenPromise promise,
      WaitingQueue waiting,
      RunningBatch.Figures now,
      double margin) {
    if (waiting.size() == 0 && now.promptTokens() == 0) {
      return true;
    }
    return margin * firstToken(request, waiting, now) <= promise.seconds(request.prompt().length);
  }

  /** Seconds until the first token of a request will probably come; 0 when it is not known. */
  static double firstToken(
      GenerationRequest request, WaitingQueue waiting, RunningBatch.Figures now) {
    double work = request.prompt().length;
    double ahead = waiting.aheadOfAll(request.priority(), request.tenant(), work);
    return seconds(now.promptTokens() + ahead + work, now.workPerSecond());
  }

  /** Seconds that work takes; 0 when that is not known yet. */
  private static double seconds(double work, double rate) {
    return rate == 0 ? 0 : work / rate;
  }
}
