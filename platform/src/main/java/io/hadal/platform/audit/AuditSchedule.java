package io.hadal.platform.audit;

import io.hadal.platform.db.Database;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the audit log does by itself: checkpoints, the hourly anchor of other records such as the
 * ledger, a verification each day, and what else is done daily. Of several nodes one does each.
 */
public final class AuditSchedule implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");
  private static final Duration PAUSE = Duration.ofSeconds(5);

  /** Something whose hash becomes an event once an hour. */
  public interface Anchored {
    /** Name of the event's object, such as {@code ledger}. */
    String name();

    /** Hash of what is new since the last time; null for nothing new. */
    @Nullable String hash();
  }

  /**
   * Something that is done once a day, on one of the nodes.
   *
   * @param name tells it from others
   */
  public record Daily(String name, Runnable work) {}

  private final Database database;
  private final AuditLog log;
  private final Checkpoints checkpoints;
  private final AuditVerifier verifier;
  private final List<Anchored> anchored;
  private final List<Daily> daily;
  private final Clock clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private @Nullable Thread thread;

  /**
   * A schedule; {@link #start} lets it run.
   *
   * @param verifier knows the keys of all nodes, and those of earlier times
   * @param daily other work, such as erasing what is too old
   */
  public AuditSchedule(
      Database database,
      AuditLog log,
      Checkpoints checkpoints,
      AuditVerifier verifier,
      List<Anchored> anchored,
      List<Daily> daily,
      Clock clock) {
    this.database = database;
    this.log = log;
    this.checkpoints = checkpoints;
    this.verifier = verifier;
    this.anchored = List.copyOf(anchored);
    this.daily = List.copyOf(daily);
    this.clock = clock;
  }

  /** Begins to look every five seconds what is due. */
  public synchronized void start() {
    if (thread == null) {
      thread = Thread.ofPlatform().daemon().name("hadal-audit").start(this::run);
    }
  }

  private void run() {
    try {
      while (!closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          tick();
        } catch (RuntimeException e) {
          // The database or the disk may come back; the class says enough without any content.
          LOG.log(Level.WARNING, "audit: what was due failed: {0}", e.getClass().getSimpleName());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Does what is due. */
  public void tick() {
    checkpoints.signDue();
    for (Anchored one : anchored) {
      if (due("anchor:" + one.name(), Duration.ofHours(1))) {
        String hash = one.hash();
        if (hash != null) {
          log.anchor(one.name(), hash);
        }
      }
    }
    if (due("verify", Duration.ofDays(1))) {
      verify();
    }
    for (Daily one : daily) {
      if (due("daily:" + one.name(), Duration.ofDays(1))) {
        one.work().run();
      }
    }
  }

  /** Verifies the whole log; the result becomes an event. */
  public AuditReport verify() {
    AuditReport report = verifier.database(database, checkpoints.file());
    ObjectNode after = JsonNodeFactory.instance.objectNode();
    after.put("ok", report.ok());
    after.put("events", report.events());
    after.put("checkpoints", report.checkpoints());
    report.faults().stream().limit(20).forEach(f -> after.withArray("faults").add(f.toString()));
    log.append(AuditEntry.system(null, "audit.verify", "audit", after));
    if (!report.ok()) {
      LOG.log(Level.ERROR, "audit: the log is damaged: {0}", report.faults().getFirst());
    }
    return report;
  }

  /** Whether a job's time has come; of several callers one hears yes. */
  private boolean due(String name, Duration every) {
    long now = clock.millis();
    return database.write(handle -> take(handle, name, now, now + every.toMillis()));
  }

  private static boolean take(Handle handle, String name, long now, long next) {
    int moved =
        handle.execute(
            "UPDATE audit_job SET next_at = ? WHERE name = ? AND next_at <= ?", next, name, now);
    if (moved == 0) {
      // The first time counts from now, so that a start is not a verification.
      handle.execute(
          "INSERT INTO audit_job (name, next_at) VALUES (?, ?) ON CONFLICT DO NOTHING", name, next);
    }
    return moved == 1;
  }

  /** Stops, and signs what is not signed yet. */
  @Override
  public synchronized void close() {
    closed.countDown();
    Thread running = thread;
    if (running != null) {
      try {
        running.join(10_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    checkpoints.signAll();
  }
}
