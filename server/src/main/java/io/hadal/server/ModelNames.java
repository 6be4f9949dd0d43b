package io.hadal.server;

import io.hadal.platform.registry.DeprecationHeaders;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.rollout.Observation;
import io.hadal.platform.rollout.Rollouts;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.config.Operation;
import io.hadal.server.wire.Call;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;

/** Gives the names of the registry their meaning before a request goes its way. */
final class ModelNames {
  /** Name of this process among the backends of a version. */
  private static final String LOCAL = "local";

  /** How a request ends when the one who asked is to blame, or nobody. */
  private static final Set<String> NOT_THE_MODELS =
      Set.of("client_closed", "replayed", "budget_exceeded", "rate_limit_exceeded");

  private final Registry registry;
  private final Rollouts rollouts;
  private final String local;
  private final Clock clock;

  /**
   * Names of a registry.
   *
   * @param local name of the model of this process
   */
  ModelNames(Registry registry, Rollouts rollouts, String local, Clock clock) {
    this.registry = registry;
    this.rollouts = rollouts;
    this.local = local;
    this.clock = clock;
  }

  /**
   * Chooses the version for a name that the registry knows; others stay what they are.
   *
   * @throws io.hadal.platform.Refusal when the version has ended, or the key may not use it
   */
  void resolve(Call call, Operation operation, long bodyLimit) throws IOException {
    Identity identity = call.meter().identity();
    RequestView view = identity == null ? null : RequestView.of(call.body(bodyLimit), operation);
    if (identity == null || view == null || !registry.knows(view.model(), identity)) {
      return;
    }
    Resolution found = registry.resolve(view.model(), identity, call.sessionHash());
    DeprecationHeaders.of(found, clock.instant()).forEach(call.exchange()::setHeader);
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
    if (found == null || rollout == null || NOT_THE_MODELS.contains(call.outcome())) {
      return;
    }
    Duration first = call.firstToken();
    Duration each = call.tokenTime();
    rollouts.observe(
        rollout,
        found.version(),
        call.outcome().equals("ok")
            ? Observation.answered(
                first == null ? -1 : first.toMillis(), each == null ? -1 : each.toNanos() / 1000)
            : Observation.failure());
  }
}
