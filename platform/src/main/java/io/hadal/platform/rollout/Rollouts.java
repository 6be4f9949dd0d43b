package io.hadal.platform.rollout;

import io.hadal.formats.FormatException;
import io.hadal.platform.Ids;
import io.hadal.platform.db.Database;
import io.hadal.platform.registry.AliasChange;
import io.hadal.platform.registry.AliasChange.Kind;
import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Resolution;
import io.hadal.platform.registry.Split;
import io.hadal.platform.rollout.Rollout.Mode;
import io.hadal.platform.rollout.Rollout.State;
import io.hadal.platform.tenancy.Identity;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * New versions by degrees (platform specification, 2.7). While one runs, its name points to the
 * rollout; a broken {@link Guard} sends all requests back to the baseline at once.
 */
public final class Rollouts {
  private static final long RETRY_MILLIS = 1000;
  private static final String GUARD = "guard";
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  private final Database database;
  private final Registry registry;
  private final Clock clock;
  private final RolloutListener listener;
  private final Map<String, Monitor> monitors = new ConcurrentHashMap<>();

  public Rollouts(Database database, Registry registry, Clock clock, RolloutListener listener) {
    this.database = database;
    this.registry = registry;
    this.clock = clock;
    this.listener = listener;
  }

  /**
   * Adds a draft. Its baseline is what the name points to.
   *
   * @throws FormatException when the name points to no version, or versions do not answer
   */
  public Rollout create(RolloutPlan plan, String by) {
    if (plan.percent() < 0 || plan.percent() > 100) {
      throw new FormatException("percent", "must be from 0 to 100");
    }
    if (plan.mode() == Mode.BLUE_GREEN && plan.percent() != 0) {
      throw new FormatException("percent", "must be 0 for blue_green, which starts at nothing");
    }
    String baseline = pointed(plan.org(), plan.alias());
    if (baseline.equals(plan.candidate())) {
      throw new FormatException("candidate", plan.alias() + " points to " + baseline + " already");
    }
    answering(baseline);
    answering(plan.candidate());
    String id = Ids.next("rol_");
    String detail = plan.mode().text() + " of " + plan.candidate();
    return told(
        id,
        plan.alias(),
        "created",
        by,
        detail,
        h -> {
          h.createUpdate(
                  "INSERT INTO rollout (id, org_id, alias, baseline, candidate, mode, percent,"
                      + " stickiness, guards, state, created_at, created_by) VALUES (:id, :org,"
                      + " :alias, :baseline, :candidate, :mode, :percent, :stickiness, :guards,"
                      + " 'draft', :now, :by)")
              .bind("id", id)
              .bind("org", plan.org())
              .bind("alias", plan.alias())
              .bind("baseline", baseline)
              .bind("candidate", plan.candidate())
              .bind("mode", plan.mode().text())
              .bind("percent", plan.percent())
              .bind("stickiness", plan.stickiness().text())
              .bind("guards", Guard.write(plan.guards()).toString())
              .bind("now", clock.millis())
              .bind("by", by)
              .execute();
        });
  }

  /** The version a name points to now. */
  private String pointed(String org, String alias) {
    List<AliasChange> history = registry.history(org, alias);
    if (history.isEmpty() || history.getFirst().kind() == Kind.NONE) {
      throw new FormatException("alias", "'" + alias + "' is no name of a model");
    }
    AliasChange now = history.getFirst();
    if (now.kind() == Kind.ROLLOUT) {
      throw new FormatException(
          "alias", "'" + alias + "' is held by the rollout " + now.target() + "; end that first");
    }
    return now.target();
  }

  private void answering(String id) {
    ModelVersion version =
        registry.version(id).orElseThrow(() -> new FormatException(id, "is no version"));
    if (!version.answers(clock.instant())) {
      throw new FormatException(id, "is " + version.lifecycle().text() + "; activate it first");
    }
  }

  /**
   * Lets a draft run.
   *
   * @throws FormatException when it is no draft, or its name points elsewhere by now
   */
  public Rollout start(String id, String by) {
    Rollout draft = get(id);
    if (!pointed(draft.org(), draft.alias()).equals(draft.baseline())) {
      throw new FormatException(
          id, draft.alias() + " does not point to " + draft.baseline() + " any more");
    }
    answering(draft.baseline());
    answering(draft.candidate());
    String detail = draft.percent() + " %";
    return told(
        id,
        draft.alias(),
        "started",
        by,
        detail,
        h -> {
          move(h, draft, State.DRAFT, State.RUNNING, "started_at");
          registry.point(h, draft.org(), draft.alias(), Kind.ROLLOUT, id, by, "rollout started");
          registry.refresh();
        });
  }

  /**
   * Gives the candidate another part. Growing never moves anybody from the candidate to the
   * baseline.
   *
   * @throws FormatException when it does not run; for blue_green, unless 0 or 100
   */
  public Rollout percent(String id, int percent, String by) {
    Rollout now = get(id);
    if (percent < 0 || percent > 100) {
      throw new FormatException("percent", "must be from 0 to 100");
    }
    if (now.mode() == Mode.BLUE_GREEN && percent != 0 && percent != 100) {
      throw new FormatException("percent", "must be 0 or 100 for blue_green");
    }
    String detail = now.percent() + " % to " + percent + " %";
    return told(
        id,
        now.alias(),
        "percent",
        by,
        detail,
        h -> {
          int rows =
              h.createUpdate(
                      "UPDATE rollout SET percent = :percent WHERE id = :id AND state = 'running'")
                  .bind("percent", percent)
                  .bind("id", id)
                  .execute();
          if (rows == 0) {
            throw new FormatException(id, "does not run");
          }
          registry.refresh();
        });
  }

  /**
   * Points the name to the candidate for good.
   *
   * @throws FormatException when it does not run
   */
  public Rollout promote(String id, String by, String reason) {
    return end(id, State.PROMOTED, by, reason);
  }

  /**
   * Points the name back to the baseline.
   *
   * @throws FormatException when it does not run
   */
  public Rollout rollBack(String id, String by, String reason) {
    if (get(id).state() == State.RUNNING) {
      registry.halt(id);
    }
    return end(id, State.ROLLED_BACK, by, reason);
  }

  private Rollout end(String id, State state, String by, String reason) {
    Rollout now = get(id);
    String target = state == State.PROMOTED ? now.candidate() : now.baseline();
    return told(
        id,
        now.alias(),
        state.text(),
        by,
        reason,
        h -> {
          move(h, now, State.RUNNING, state, "ended_at");
          String why = "rollout " + id + " " + state.text();
          registry.point(h, now.org(), now.alias(), Kind.VERSION, target, by, why);
          database.afterwards(() -> monitors.remove(id));
          registry.refresh();
        });
  }

  private void move(Handle h, Rollout rollout, State from, State to, String time) {
    int rows =
        h.createUpdate(
                "UPDATE rollout SET state = :to, "
                    + time
                    + " = :now WHERE id = :id AND state = :from")
            .bind("to", to.text())
            .bind("now", clock.millis())
            .bind("id", rollout.id())
            .bind("from", from.text())
            .execute();
    if (rows == 0) {
      throw new FormatException(
          rollout.id(), "is " + rollout.state().text() + ", not " + from.text());
    }
  }

  private void note(Handle h, String id, String kind, String actor, String detail) {
    h.createUpdate(
            "INSERT INTO rollout_event SELECT :id, coalesce(max(seq), 0) + 1, :now, :kind, :actor,"
                + " :detail FROM rollout_event WHERE rollout_id = :id")
        .bind("id", id)
        .bind("now", clock.millis())
        .bind("kind", kind)
        .bind("actor", actor)
        .bind("detail", detail)
        .execute();
  }

  /** Makes a change, notes it and tells the listener, all in one transaction. */
  private Rollout told(
      String id, String alias, String kind, String actor, String detail, Consumer<Handle> change) {
    return database.together(
        () -> {
          database.run(
              h -> {
                change.accept(h);
                note(h, id, kind, actor, detail);
              });
          Rollout now = get(id);
          listener.happened(
              new RolloutEvent(id, alias, kind, actor, detail, clock.instant()), now.org());
          return now;
        });
  }

  // Requests

  /**
   * Takes in how an answer went. When a guard is broken, requests go to the baseline from now on,
   * on this node at once and on others within a second, and the listener hears of it.
   *
   * @param rollout id, as its {@link Resolution} has it
   * @param version that answered
   */
  public void observe(String rollout, String version, Observation observation) {
    Monitor monitor = monitors.get(rollout);
    if (monitor == null) {
      if (registry.split(rollout).isEmpty()) {
        return; // It has ended meanwhile.
      }
      Rollout row = get(rollout);
      monitor = monitors.computeIfAbsent(rollout, r -> new Monitor(row.candidate(), row.guards()));
    }
    String breach = monitor.observe(version, observation);
    if (breach == null) {
      return;
    }
    registry.halt(rollout);
    if (!monitor.mayTry(clock.millis(), RETRY_MILLIS)) {
      return;
    }
    try {
      end(rollout, State.ROLLED_BACK, GUARD, breach);
    } catch (FormatException e) {
      monitors.remove(rollout); // Another node was faster.
    } catch (RuntimeException e) {
      LOG.log(Level.WARNING, "rollout " + rollout + " halted here, but it cannot be written: " + e);
    }
  }

  /**
   * The version that shall get a copy of an answered request; empty for none. What belongs to
   * projects without retention, or with health information, is never copied.
   *
   * @param zdr true when the request itself asks for zero data retention
   */
  public Optional<String> shadow(
      Resolution resolution, Identity identity, @Nullable String session, boolean zdr) {
    if (resolution.rollout() == null || zdr || identity.policy().zdr() || identity.policy().phi()) {
      return Optional.empty();
    }
    return registry
        .split(resolution.rollout())
        .filter(Split::copies)
        .filter(split -> split.chosen(identity, session))
        .map(Split::candidate);
  }

  /** Adds a comparison to those of a rollout. */
  public void compare(String rollout, Comparison pair) {
    database.run(h -> ComparisonRows.add(h, rollout, pair));
  }

  // Views

  /**
   * A rollout.
   *
   * @throws FormatException when there is none of that id
   */
  public Rollout get(String id) {
    return find(id).orElseThrow(() -> new FormatException(id, "is no rollout"));
  }

  /** A rollout; empty when there is none of that id. */
  public Optional<Rollout> find(String id) {
    return database.read(
        h ->
            h.createQuery("SELECT * FROM rollout WHERE id = :id")
                .bind("id", id)
                .map((rs, c) -> RolloutRows.rollout(rs))
                .findOne());
  }

  /** All rollouts, the newest first. */
  public List<Rollout> list() {
    return database.read(
        h ->
            h.createQuery("SELECT * FROM rollout ORDER BY created_at DESC, id")
                .map((rs, c) -> RolloutRows.rollout(rs))
                .list());
  }

  /** What happened to a rollout, in order. */
  public List<RolloutEvent> events(String id) {
    return database.read(
        h ->
            h.createQuery(
                    "SELECT e.*, r.alias FROM rollout_event e JOIN rollout r ON r.id = e.rollout_id"
                        + " WHERE e.rollout_id = :id ORDER BY e.seq")
                .bind("id", id)
                .map((rs, c) -> RolloutRows.event(rs))
                .list());
  }

  /** Sums of the comparisons of a rollout. */
  public Comparison compared(String id) {
    return database.read(
        h ->
            h.createQuery("SELECT * FROM rollout_comparison WHERE rollout_id = :id")
                .bind("id", id)
                .map((rs, c) -> ComparisonRows.read(rs))
                .findOne()
                .orElse(Comparison.NONE));
  }

  /** Answers that this node's guards look at. */
  public Seen seen(String id) {
    Monitor monitor = monitors.get(id);
    return monitor == null
        ? new Seen(0, 0)
        : new Seen(monitor.baselineSeen(), monitor.candidateSeen());
  }

  /** Answers of either side in the guards' window. */
  public record Seen(int baseline, int candidate) {}
}
