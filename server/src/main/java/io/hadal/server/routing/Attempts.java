package io.hadal.server.routing;

import io.hadal.chat.Problem;
import io.hadal.platform.usage.Gate;
import io.hadal.platform.usage.Metered;
import io.hadal.server.http.Exchange;
import io.hadal.server.http.HttpProblem;
import io.hadal.server.routing.usage.UsageReader;
import io.hadal.server.wire.Call;
import io.hadal.server.wire.CallMeter;
import io.hadal.server.wire.CallTrace;
import io.hadal.server.wire.ClientGoneException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The attempts at one request: at most three, each of which is recorded on its own. */
final class Attempts {
  static final int MOST = 3;

  /** An upstream that asks for more time than this is passed over. */
  private static final long MOST_WAIT_MILLIS = 2000;

  private static final long LEAST_REST_MILLIS = 1000;
  private static final int OWN_ERROR_END = 500;

  private final RouterParts parts;
  private final RoutedRequest request;
  private final List<Candidate> order;
  private final int most;
  private int made;

  /**
   * Attempts.
   *
   * @param made attempts that were made already, at another model
   * @param most most attempts, those included
   */
  Attempts(RouterParts parts, RoutedRequest request, List<Candidate> order, int made, int most) {
    this.parts = parts;
    this.request = request;
    this.order = order;
    this.made = made;
    this.most = most;
  }

  int made() {
    return made;
  }

  /**
   * Tries until the client has an answer.
   *
   * @return null when it has one; else the last failure
   * @throws Problem when no upstream can be tried at all
   */
  @Nullable Failure run() throws IOException {
    Failure last = null;
    boolean[] done = new boolean[order.size()];
    int at = 0;
    int passed = 0;
    while (made < most && passed < order.size()) {
      int index = at++ % order.size();
      Candidate candidate = order.get(index);
      boolean again = last != null;
      if (done[index] || (again && !parts.retries().take())) {
        passed = done[index] ? passed + 1 : order.size();
        continue;
      }
      KeyPool.Lease key = candidate.backend().keys().take(parts.clock().getAsLong());
      if (key == null || !candidate.lane().tryCall()) {
        done[index] = true;
        passed++;
        continue;
      }
      passed = 0;
      if (again) {
        pause(last != null && shortLimit(last) ? last.waitMillis() : 0, order.size() == 1);
      }
      Failure failure = attempt(candidate, key);
      if (failure == null) {
        return null;
      }
      last = failure;
      learn(candidate, key, failure);
      boolean elsewhere = failure.ofKey() || failure.status() == 404;
      if (!failure.retryable() && !elsewhere) {
        return failure;
      }
      // Where the model is missing, or that has to wait for longer, there is no second try.
      done[index] |= failure.status() == 404 || failure.waitMillis() > MOST_WAIT_MILLIS;
      if (failure.ofKey() || shortLimit(failure)) {
        // Another key of the same upstream, or the same one in a moment.
        at--;
      }
    }
    if (last == null) {
      throw Problem.overloaded(retrySeconds());
    }
    return last;
  }

  private static boolean shortLimit(Failure failure) {
    return failure.status() == 429
        && failure.waitMillis() > 0
        && failure.waitMillis() <= MOST_WAIT_MILLIS;
  }

  private int retrySeconds() {
    long now = parts.clock().getAsLong();
    long least = Long.MAX_VALUE;
    for (Candidate candidate : order) {
      long left = candidate.backend().keys().restLeft(now);
      least = left < 0 ? least : Math.min(least, left);
    }
    return least == Long.MAX_VALUE ? 60 : (int) Math.clamp((least + 999) / 1000, 1, 60);
  }

  /** What an upstream asks for, and a little by chance, so that not all come back at once. */
  private void pause(long asked, boolean same) throws ClientGoneException {
    long jitter = same || asked > 0 ? 20 + parts.random().nextLong(80) : 0;
    long end = System.nanoTime() + (asked + jitter) * 1_000_000;
    request.call().exchange().watch();
    try {
      while (System.nanoTime() < end) {
        Thread.sleep(Math.clamp((end - System.nanoTime()) / 1_000_000, 1, 100));
        if (!request.call().exchange().connected()) {
          throw new ClientGoneException();
        }
      }
    } catch (InterruptedException e) {
      throw new ClientGoneException();
    }
  }

  private void learn(Candidate candidate, KeyPool.Lease key, Failure failure) {
    Backend backend = candidate.backend();
    long now = parts.clock().getAsLong();
    switch (failure.kind()) {
      case UNREACHABLE -> backend.health().failed(now, "no connection");
      case TIMEOUT -> {}
      case BROKEN, STATUS -> backend.health().answered(now);
    }
    if (failure.ofKey() && backend.keys().refuse(key, failure.status())) {
      parts.alerts().keyRefused(backend.name(), key.index(), failure.status());
    }
    if (failure.status() == 429 && failure.waitMillis() > MOST_WAIT_MILLIS) {
      backend.keys().rest(key, now + Math.max(LEAST_REST_MILLIS, failure.waitMillis()));
    }
  }

  private @Nullable Failure attempt(Candidate candidate, KeyPool.Lease key) throws IOException {
    UpstreamRequest upstream;
    Metered metered;
    try {
      upstream = UpstreamRequest.of(request, candidate, parts.seal());
      metered = admit(candidate);
    } catch (RuntimeException e) {
      candidate.lane().release();
      throw e;
    }
    UsageReader usage = new UsageReader(upstream.spoken());
    Settlement settlement =
        new Settlement(
            request.call(),
            candidate,
            metered,
            usage,
            request.view().promptTokens(),
            parts.clock());
    Attempt attempt =
        new Attempt(
            request, candidate, upstream, settlement, usage, parts.watchdog(), parts.slowReader());
    candidate.backend().active().incrementAndGet();
    String result = "client_left";
    CallTrace trace = request.call().trace();
    if (trace != null) {
      trace.attempt(
          made,
          candidate.name(),
          candidate.backend().config().format().name().toLowerCase(Locale.ROOT),
          candidate.model().upstreamName());
    }
    try {
      Failure failure =
          attempt.run(
              upstream.http(
                  request,
                  candidate.backend().config(),
                  candidate.backend().credential(request, key)));
      result = failure != null ? failure.label() : outcome();
      if (failure == null) {
        candidate.backend().health().answered(parts.clock().getAsLong());
      }
      return failure;
    } finally {
      candidate.backend().active().decrementAndGet();
      if (trace != null) {
        trace.attempted(result);
      }
      parts.metrics().attempt(candidate, result);
    }
  }

  private String outcome() {
    return request.call().outcome().equals("upstream_error") ? "cut" : "ok";
  }

  private Metered admit(Candidate candidate) {
    made++;
    if (request.view().operation().counts()) {
      // It is free.
      return new OpenGate().admit(request.work(made, candidate));
    }
    Gate own = request.call().meter().gate();
    Metered metered = (own == null ? parts.gate() : own).admit(request.work(made, candidate));
    request.call().meter().attempted();
    CallMeter.tell(request.call(), metered.limits());
    return metered;
  }

  /** Tells the client of a failure: in the upstream's own bytes where it speaks the same. */
  static void refuse(RoutedRequest request, Failure failure) {
    boolean own = failure.kind() == Failure.Kind.STATUS && failure.status() < OWN_ERROR_END;
    boolean anthropic = request.view().operation().anthropic();
    boolean bytes = anthropic && failure.kind() == Failure.Kind.STATUS;
    String type = String.valueOf(failure.contentType());
    if (failure.ofKey() || !(own || bytes)) {
      throw HttpProblem.upstream();
    }
    if (failure.foreign()) {
      String words = UpstreamRequest.words(failure.body());
      throw failure.status() < OWN_ERROR_END
          ? HttpProblem.upstreamRefused(
              failure.status(), words == null ? "The provider refused the request." : words)
          : HttpProblem.upstream();
    }
    Call call = request.call();
    Exchange exchange = call.exchange();
    call.outcome("upstream_" + failure.status());
    exchange.setHeader("x-should-retry", Boolean.toString(failure.retryable()));
    failure.headers().forEach(exchange::setHeader);
    exchange.send(failure.status(), type, failure.body());
  }
}
