package io.hadal.engine.capacity;

import io.hadal.engine.Engine;
import io.hadal.engine.capacity.PredictionErrors.Kind;
import io.hadal.engine.capacity.StepSamples.Cell;
import io.hadal.engine.serving.StepObserver;
import io.hadal.engine.serving.StepSize;
import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Costs of steps as a server sees them: keeps steps that were, fits costs to them again and again,
 * beginning at a calibration where there is one, and compares each step with what was predicted of
 * it before. What was learnt of a model on a kind of machine outlives the process.
 */
public final class LiveCosts implements StepObserver {
  /** Steps before the first fit. */
  public static final int LEAST_STEPS = 200;

  private static final int STEPS_EACH = 100;
  private static final long FIT_MILLIS = 5_000;
  private static final long WRITE_MILLIS = 60_000;
  private static final long MOST_BYTES = 1 << 20;

  private static final System.Logger LOG = System.getLogger("hadal.engine");

  private final CostTable like;
  private final Path file;
  private final Supplier<@Nullable CostTable> calibration;
  private final InstantSource clock;
  private final AtomicBoolean fitting = new AtomicBoolean();
  private final StepSamples samples = new StepSamples();
  private final PredictionErrors calibratedErrors = new PredictionErrors();
  private final PredictionErrors fittedErrors = new PredictionErrors();
  private @Nullable CostTable calibrated;
  private @Nullable CostTable fitted;
  private @Nullable Instant since;
  private @Nullable Instant fittedAt;
  private long steps;
  private long unseen;
  private long nextFit;
  private long nextWrite;

  /**
   * Costs of an engine's steps; goes on with those that are known of its model on such a machine.
   *
   * @param model its name
   * @param folder where they are kept
   * @param calibration what was measured by {@code hadal capacity calibrate}, of whatever model;
   *     null when nobody has
   */
  public LiveCosts(
      Engine engine,
      String model,
      Path folder,
      Supplier<@Nullable CostTable> calibration,
      InstantSource clock) {
    this(
        new CostTable(
            model,
            engine.model().fingerprint(),
            CostTable.host(engine.options()),
            0,
            Grid.ONE,
            Grid.ONE,
            1,
            ServingOverhead.NONE,
            engine.options().stepTokens(),
            engine.plan().kvFixed(),
            engine.plan().kvPerToken(),
            engine.store().budgetBytes(),
            0),
        folder,
        calibration,
        clock);
  }

  LiveCosts(
      CostTable like, Path folder, Supplier<@Nullable CostTable> calibration, InstantSource clock) {
    this.like = like;
    this.file = folder.resolve(name(like));
    this.calibration = calibration;
    this.clock = clock;
    this.nextWrite = clock.millis() + WRITE_MILLIS;
    read();
    fit();
  }

  /** {@code live-costs-MODEL-HOST.json}, of the beginnings of hashes of both. */
  private static String name(CostTable like) {
    String weights = like.fingerprint().replaceAll("[^0-9a-f]", "");
    return "live-costs-%s-%08x.json"
        .formatted(
            weights.isEmpty() ? "unknown" : weights.substring(0, Math.min(12, weights.length())),
            like.host().hashCode());
  }

  private void read() {
    if (!Files.exists(file)) {
      return;
    }
    try {
      CostTable known = CostTable.read(file);
      JsonNode live = Json.parse(file, MOST_BYTES).path("live");
      if (isOf(known)) {
        samples.read(live.path("samples"));
        steps = Math.max(samples.count(), live.path("steps").asLong(0));
        since = time(live.path("since"));
      }
    } catch (FormatException e) {
      LOG.log(Level.WARNING, "costs of steps are learnt anew: {0}", e.getMessage());
    }
  }

  private static @Nullable Instant time(JsonNode text) {
    try {
      return text.isString() ? Instant.parse(text.asString()) : null;
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  @Override
  public synchronized void step(StepSize size, long nanos) {
    long now = clock.millis();
    if (since == null) {
      since = Instant.ofEpochMilli(now);
    }
    steps++;
    // Predicted by what was known before this step.
    if (calibrated != null) {
      calibratedErrors.add(size, nanos, calibrated.nanos(size));
    }
    if (fitted != null) {
      fittedErrors.add(size, nanos, fitted.nanos(size));
    }
    samples.add(size, nanos, now);
    unseen++;
    if (unseen >= STEPS_EACH
        && now >= nextFit
        && steps >= LEAST_STEPS
        && fitting.compareAndSet(false, true)) {
      Thread.ofVirtual().name("hadal-costs").start(this::refresh);
    }
  }

  @Override
  public void ended() {
    fit();
    write();
  }

  private void refresh() {
    try {
      fit();
      boolean due;
      synchronized (this) {
        due = clock.millis() >= nextWrite;
      }
      if (due) {
        write();
      }
    } finally {
      fitting.set(false);
    }
  }

  /** Fits now, if there are steps enough. */
  void fit() {
    CostTable measured = ofThisModel();
    List<Cell> cells;
    long now = clock.millis();
    synchronized (this) {
      if (!same(measured, calibrated)) {
        calibrated = measured;
        calibratedErrors.clear();
      }
      nextFit = now + FIT_MILLIS;
      unseen = 0;
      if (steps < LEAST_STEPS) {
        return;
      }
      cells = samples.cells();
    }
    CostTable prior = measured == null ? CostFit.guess(like, cells) : measured;
    CostTable fit = prior == null ? null : CostFit.fit(prior, cells, now);
    synchronized (this) {
      if (fit != null) {
        fitted = fit;
        fittedAt = Instant.ofEpochMilli(now);
      }
    }
  }

  private static boolean same(@Nullable CostTable a, @Nullable CostTable b) {
    return a == null ? b == null : b != null && a.json().equals(b.json());
  }

  /** The calibration, unless it is of other weights. */
  private @Nullable CostTable ofThisModel() {
    try {
      CostTable table = calibration.get();
      return table != null
              && (table.fingerprint().isEmpty() || table.fingerprint().equals(like.fingerprint()))
          ? table
          : null;
    } catch (FormatException e) {
      // Who asks for it is told.
      return null;
    }
  }

  private void write() {
    ObjectNode json;
    synchronized (this) {
      nextWrite = clock.millis() + WRITE_MILLIS;
      CostTable table = fitted;
      if (table == null) {
        return;
      }
      json = table.json();
      ObjectNode live = json.putObject("live");
      live.put("steps", steps).put("since", String.valueOf(since));
      live.put("fitted_at", String.valueOf(fittedAt));
      live.set("errors", errorsJson());
      StepSamples.write(samples.cells(), live.putArray("samples"));
    }
    try {
      AtomicFiles.write(file, json.toString().getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.log(Level.WARNING, "costs of steps were not kept: {0}", e.toString());
    }
  }

  /** What was learnt so far; null before there are steps enough, of prompts and of answers. */
  public synchronized @Nullable CostTable table() {
    return fitted;
  }

  /** Whether plans should use it: nobody has calibrated, or it has predicted steps as well. */
  public synchronized boolean isBetter() {
    PredictionError own = fittedErrors.all();
    PredictionError other = calibratedErrors.all();
    return fitted != null
        && (calibrated == null || (own.steps() > 0 && own.median() <= other.median()));
  }

  /** Whether costs are of this model on such a machine. */
  public boolean isOf(CostTable other) {
    return other.fingerprint().equals(like.fingerprint()) && other.host().equals(like.host());
  }

  /** Figures for those who ask, with the costs. */
  public synchronized ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("model", like.model()).put("host", like.host());
    json.put("steps", steps).put("samples", samples.count());
    json.put("since", since == null ? null : since.toString());
    json.put("fitted_at", fittedAt == null ? null : fittedAt.toString());
    json.set("errors", errorsJson());
    json.set("costs", fitted == null ? null : fitted.json());
    return json;
  }

  private JsonNode errorsJson() {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    Map<String, PredictionError[]> errors = new LinkedHashMap<>();
    errors.put("all", new PredictionError[] {calibratedErrors.all(), fittedErrors.all()});
    for (Kind kind : Kind.values()) {
      errors.put(
          kind.name().toLowerCase(Locale.ROOT),
          new PredictionError[] {calibratedErrors.of(kind), fittedErrors.of(kind)});
    }
    errors.forEach(
        (kind, both) -> {
          ObjectNode one = list.addObject().put("kind", kind);
          one.set("calibrated", json(both[0]));
          one.set("live", json(both[1]));
        });
    return list;
  }

  private static @Nullable ObjectNode json(PredictionError error) {
    return error.steps() == 0
        ? null
        : JsonNodeFactory.instance
            .objectNode()
            .put("steps", error.steps())
            .put("median", error.median())
            .put("p95", error.p95())
            .put("ratio", error.ratio());
  }
}
