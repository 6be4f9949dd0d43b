package io.hadal.server;

import io.hadal.platform.registry.DeprecationHeaders;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.rollout.Observation;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.Call;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;

/** Gives the names of the registry their meaning before a request goes its way. */
final class ModelNames {
  /** Name of this process among the backends of a version. */
  private static final String LOCAL = "local";

  /** How a request ends when what answers is to blame, and not the one who asked. */
  private static final Set<String> FAULTS =
      Set.of("internal_error", "timeout", "queue_timeout", "upstream_error");

  private final PlatformAccess.Names known;
  private final String local;

  /**
   * Names of a platform.
   *
   * @param local name of the model of this process
   */
  ModelNames(PlatformAccess.Names known, String local) {
    this.known = known;
    this.local = local;
  }

  /**
   * Chooses the version for a name that the registry knows; others stay what they are.
   *
   * @throws io.hadal.platform.Refusal when the version has ended, or the key may not use it
   */
  void resolve(Call call, Operation operation, long bodyLimit) throws IOException {
    Identity identity = call.meter().identity();
    RequestView view = identity == null ? null : RequestView.of(call.body(bodyLimit), operation);
    if (identity == null || view == null) {
      return;
    }
    String cheaper = known.budgets().downgrade(identity, null, view.model());
    if (cheaper != null && !cheaper.equals(view.model())) {
      call.exchange().setHeader("x-hadal-downgraded", cheaper);
      view = view.withModel(cheaper);
      call.replaceBody(view.body());
    }
    if (!known.registry().knows(view.model(), identity)) {
      return;
    }
    Resolution found = known.registry().resolve(view.model(), identity, call.sessionHash());
    DeprecationHeaders.of(found, known.clock().instant()).forEach(call.exchange()::setHeader);
    call.resolved(found);
    String target = found.backends().contains(LOCAL) ? local : found.upstreamModel();
    if (!target.equals(view.model())) {
      call.replaceBody(view.withModel(target).body());
    }
  }

  /** Tells a rollout how an answer of it went. */
  void observe(Call call) {
    Resolution found = call.resolution();
    String rollout = found == null ? null : found.rollout();
    boolean answered = call.outcome().equals("ok");
    if (found == null || rollout == null || !(answered || FAULTS.contains(call.outcome()))) {
      return;
    }
    Duration first = call.firstToken();
    Duration each = call.tokenTime();
    known
        .rollouts()
        .observe(
            rollout,
            found.version(),
            answered
                ? Observation.answered(
                    first == null ? -1 : first.toMillis(),
                    each == null ? -1 : each.toNanos() / 1000)
                : Observation.failure());
  }
}
