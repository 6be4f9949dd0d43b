package io.hadal.server.trial;

import io.hadal.formats.FormatException;
import io.hadal.platform.probe.ProbeSuite;
import io.hadal.platform.probe.ProbeTransport;
import io.hadal.platform.probe.QualityAlert;
import io.hadal.platform.probe.QualityListener;
import io.hadal.platform.probe.QualityOptions;
import io.hadal.platform.probe.QualityProbe;
import io.hadal.platform.probe.QualitySample;
import io.hadal.platform.probe.QualityStore;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.ProbeStore;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.registry.RunningVersions;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Looks at backends from time to time, each with the same questions (platform specification, 2.8),
 * and probes versions that are new (2.7). Of several nodes one does it.
 */
public final class QualityMonitor implements AutoCloseable {
  private static final Duration FIRST = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofSeconds(15);

  /** A version that could not be probed is tried again after this. */
  private static final Duration RETRY = Duration.ofHours(1);

  /** Tokens of texts that are searched without anybody asking for it: locally, and elsewhere. */
  private static final int LOCAL_HAYSTACK = 4 << 10;

  private static final int ROUTED_HAYSTACK = 128 << 10;
  private static final String LOCAL = "local";
  private static final System.Logger LOG = System.getLogger("hadal.server");

  private final Registry registry;
  private final ProbeStore probes;
  private final QualityStore store;
  private final InnerCalls calls;
  private final QualityListener alerts;
  private final RunningVersions where;
  private final MeterRegistry meters;
  private final Clock clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ReentrantLock running = new ReentrantLock();
  private final Map<String, QualitySample> shown = new ConcurrentHashMap<>();

  /** Backends of which it was said that they are worse, by {@code version backend}. */
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  private final Thread thread;
  private volatile QualityOptions options;

  /**
   * A monitor, which begins to look.
   *
   * @param alerts is told at each look how backends do
   * @param running where versions run; those that do nowhere are left alone
   */
  public QualityMonitor(
      Registry registry,
      ProbeStore probes,
      QualityStore store,
      InnerCalls calls,
      QualityListener alerts,
      RunningVersions running,
      MeterRegistry meters,
      Clock clock) {
    this.registry = registry;
    this.probes = probes;
    this.store = store;
    this.calls = calls;
    this.alerts = alerts;
    this.where = running;
    this.meters = meters;
    this.clock = clock;
    this.options = QualityOptions.DEFAULT;
    this.thread = Thread.ofVirtual().name("hadal-quality").start(this::run);
  }

  /** Other options, from the next look on. */
  public void options(QualityOptions now) {
    options = now;
  }

  /** The options that hold. */
  public QualityOptions options() {
    return options;
  }

  private void run() {
    try {
      Duration pause = FIRST;
      while (!closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        pause = PAUSE;
        try {
          tick();
        } catch (RuntimeException e) {
          LOG.log(Level.WARNING, "the quality of models was not looked at: " + e.getClass());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Does what is due.
   *
   * @throws InterruptedException when the thread is interrupted
   */
  public void tick() throws InterruptedException {
    QualityOptions now = options;
    Duration every = now.every();
    if (every != null && store.due("quality", clock.millis(), every)) {
      sample(null);
    }
    if (now.probeNew()) {
      for (ModelVersion version : answering()) {
        if (probes.last(version.id()).isEmpty()
            && store.due("probe:" + version.id(), clock.millis(), RETRY)) {
          probe(version);
        }
      }
    }
  }

  private List<ModelVersion> answering() {
    return registry.versions().stream()
        .filter(v -> v.answers(clock.instant()) && where.of(v).anywhere())
        .toList();
  }

  private void probe(ModelVersion version) throws InterruptedException {
    boolean local = version.manifest().backends().contains(LOCAL);
    try {
      probes.save(
          version.id(),
          new ProbeSuite(clock)
              .run(
                  transport(version, null),
                  version.manifest().json().path("context").asInt(0),
                  local ? LOCAL_HAYSTACK : ROUTED_HAYSTACK,
                  r -> {}));
    } catch (FormatException e) {
      LOG.log(Level.WARNING, "a new version cannot be probed: " + e.getMessage());
    }
  }

  /** The way to a version inside of this process, at one of its backends or at any. */
  public ProbeTransport transport(ModelVersion version, @Nullable String backend) {
    return new InsideTransport(calls, resolution(version, backend), InnerCalls.PROBES);
  }

  private static Resolution resolution(ModelVersion version, @Nullable String backend) {
    return InnerCalls.pinned(
        version.id(), version.manifest().backends(), version.manifest().upstreamModel(), backend);
  }

  /**
   * Asks all backends of a version, or of all that answer.
   *
   * @param only id of the version; null for all
   * @return what was seen; empty when another run is on its way
   * @throws InterruptedException when the thread is interrupted
   */
  public List<QualitySample> sample(@Nullable String only) throws InterruptedException {
    if (!running.tryLock()) {
      return List.of();
    }
    try {
      List<QualitySample> samples = new ArrayList<>();
      for (ModelVersion version : answering()) {
        if (only == null || version.id().equals(only)) {
          samples.addAll(ask(version));
        }
      }
      return samples;
    } finally {
      running.unlock();
    }
  }

  private List<QualitySample> ask(ModelVersion version) throws InterruptedException {
    List<QualitySample> samples = new ArrayList<>();
    List<String> backends = version.manifest().backends();
    for (String backend : backends) {
      // One version has one set of weights, so that this process is a reference for the others.
      boolean trusted = backends.contains(LOCAL) && !backend.equals(LOCAL);
      QualitySample sample =
          new QualityProbe(clock)
              .run(
                  version.id(),
                  backend,
                  transport(version, backend),
                  trusted ? transport(version, LOCAL) : null);
      store.save(sample);
      show(sample);
      samples.add(sample);
    }
    Set<String> worse = new HashSet<>();
    for (QualityAlert alert : store.suspects(version.id(), options)) {
      String key = alert.version() + " " + alert.backend();
      worse.add(key);
      if (told.add(key)) {
        LOG.log(
            Level.WARNING,
            "{0} serves {1} worse: {2}",
            alert.backend(),
            alert.version(),
            alert.detail());
      }
      // Another node may have seen it well in between.
      alerts.worse(alert);
    }
    for (String backend : backends) {
      if (!worse.contains(version.id() + " " + backend)) {
        alerts.well(version.id(), backend);
      }
    }
    told.removeIf(key -> key.startsWith(version.id() + " ") && !worse.contains(key));
    return samples;
  }

  private void show(QualitySample sample) {
    String key = sample.version() + " " + sample.backend();
    if (shown.put(key, sample) == null) {
      Tags tags = Tags.of("version", sample.version(), "backend", sample.backend());
      gauge("llm_quality_valid_calls_ratio", tags, key, QualitySample::validShare);
      gauge("llm_quality_exact_answers_ratio", tags, key, QualitySample::exactShare);
      Gauge.builder("llm_quality_suspect", () -> told.contains(key) ? 1 : 0)
          .tags(tags)
          .register(meters);
    }
  }

  private void gauge(String name, Tags tags, String key, ToDoubleFunction<QualitySample> figure) {
    Gauge.builder(
            name,
            () -> {
              QualitySample last = shown.get(key);
              return last == null ? Double.NaN : figure.applyAsDouble(last);
            })
        .tags(tags)
        .register(meters);
  }

  @Override
  public void close() {
    closed.countDown();
    thread.interrupt();
  }
}
