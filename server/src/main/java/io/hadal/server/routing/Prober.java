package io.hadal.server.routing;

import io.hadal.platform.PeriodicTask;
import io.hadal.server.routing.client.OutgoingRequest;
import io.hadal.server.routing.client.UpstreamAnswer;
import io.hadal.server.routing.client.UpstreamCall;
import io.hadal.server.routing.config.UpstreamFormat;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Asks upstreams for their models from time to time: one that is down more often. */
final class Prober implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long DOWN_MILLIS = 2000;
  private static final int SERVER_ERROR = 500;
  private static final int MOST_ANSWER = 1 << 20;

  private final Supplier<Collection<Backend>> backends;
  private final LongSupplier clock;
  private final PeriodicTask timer = new PeriodicTask("hadal-upstream-prober", this::look);

  Prober(Supplier<Collection<Backend>> backends, LongSupplier clock) {
    this.backends = backends;
    this.clock = clock;
    timer.every(Duration.ofSeconds(1));
  }

  private void look() {
    long now = clock.getAsLong();
    for (Backend backend : backends.get()) {
      backend.http().sweep();
      long every = 1000L * backend.config().probeSeconds();
      long due = backend.health().up() ? every : Math.min(every, DOWN_MILLIS);
      if (every > 0 && now - backend.health().lastProbe() >= due) {
        backend.health().probed(now);
        Thread.ofVirtual().name("hadal-probe-" + backend.name()).start(() -> probe(backend));
      }
    }
  }

  /** Looks now; true when the upstream answers. */
  boolean probe(Backend backend) {
    backend.health().probed(clock.getAsLong());
    KeyPool.Lease key = backend.keys().take(clock.getAsLong());
    boolean anthropic = backend.config().format() == UpstreamFormat.ANTHROPIC;
    OutgoingRequest request = new OutgoingRequest("GET", UpstreamRequest.models(backend.config()));
    UpstreamRequest.common(
        request, null, backend.config(), key == null ? null : key.secret(), anthropic);
    try (UpstreamCall call = backend.http().call(request, PATIENCE)) {
      UpstreamAnswer answer = call.send();
      int status = answer.status();
      // To its end, so that the connection can be kept.
      answer.body().readNBytes(MOST_ANSWER);
      answer.body().read();
      if (status < SERVER_ERROR) {
        backend.health().answered(clock.getAsLong());
        return true;
      }
      backend.health().failed(clock.getAsLong(), "status " + status);
    } catch (IOException e) {
      backend.health().failed(clock.getAsLong(), "no connection");
    }
    return false;
  }

  @Override
  public void close() {
    timer.close();
  }
}
