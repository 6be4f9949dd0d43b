package io.hadal.server;

import io.hadal.platform.probe.QualityOptions;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.tenancy.Place;
import io.hadal.server.admin.EndpointGroup;
import io.hadal.server.admin.ProbeEndpoints;
import io.hadal.server.admin.QualityEndpoints;
import io.hadal.server.admin.UpgradeEndpoints;
import io.hadal.server.trial.InnerCalls;
import io.hadal.server.trial.QualityMonitor;
import io.hadal.server.trial.Shadows;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;

/** What tries versions from inside: copies, probes, the look at quality, reports. */
final class Trials implements AutoCloseable {
  private final PlatformAccess.Names known;
  private final LocalVersions versions;
  private final InnerCalls calls;
  private final Shadows shadows;
  private final QualityMonitor monitor;
  private final UpgradeEndpoints upgrades;

  /**
   * Begins.
   *
   * @param versions which versions run
   * @param inside answers a call of this process itself
   */
  Trials(
      PlatformAccess.Names known,
      LocalVersions versions,
      InnerCalls.Handler inside,
      MeterRegistry meters) {
    this.known = known;
    this.versions = versions;
    this.calls = new InnerCalls(known.trials().copies(), inside);
    this.shadows = new Shadows(known.rollouts(), calls, id -> pinned(known.registry(), id), meters);
    this.monitor =
        new QualityMonitor(
            known.registry(),
            known.trials().probes(),
            known.trials().quality(),
            calls,
            known.trials().alerts(),
            versions,
            meters,
            known.clock());
    this.upgrades =
        new UpgradeEndpoints(
            known.registry(),
            known.trials().upgrades(),
            known.trials().tenants(),
            version -> known.trials().price(version, "", known.clock().millis()),
            calls);
  }

  private static Resolution pinned(Registry registry, String id) {
    ModelVersion version = registry.version(id).orElseThrow();
    return InnerCalls.pinned(
        id, version.manifest().backends(), version.manifest().upstreamModel(), null);
  }

  Shadows shadows() {
    return shadows;
  }

  /** How quality is looked at from now on. */
  void quality(QualityOptions now) {
    monitor.options(now);
  }

  /** Endpoints of all of this. */
  List<EndpointGroup> endpoints() {
    return List.of(
        EndpointGroup.shared(
            new ProbeEndpoints(
                known.registry(),
                known.trials().probes(),
                known.clock(),
                version -> {
                  versions.requireAnywhere(version, "");
                  return monitor.transport(version, null);
                })),
        EndpointGroup.shared(
            new QualityEndpoints(known.registry(), known.trials().quality(), monitor)),
        EndpointGroup.placed(upgrades, Place::home));
  }

  @Override
  public void close() {
    shadows.close();
    monitor.close();
    upgrades.close();
  }
}
