package io.hadal.platform.cluster;

import io.hadal.formats.FormatException;
import io.hadal.platform.Ids;
import io.hadal.platform.PeriodicTask;
import io.hadal.platform.db.Database;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The processes that share a database (platform specification, 2.17). Each says every second that
 * it lives, how busy it is and what its prompt cache holds; one that was silent for {@link
 * #LEASE_MILLIS} is gone. Silence is measured by the clock of the one who listens, so clocks of
 * machines need not agree. While the database is away nobody is taken for dead.
 */
public final class Nodes implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");

  /** After that silence a node is gone. */
  public static final long LEASE_MILLIS = 4000;

  /** Clocks of nodes and of the one who asks may differ by some seconds. */
  static final long TOLERANCE_MILLIS = 10_000;

  private static final long BEAT_MILLIS = 1000;

  /** Configurations that differ for longer are no change that goes from node to node. */
  private static final long DIFFERS_MILLIS = 60_000;

  private static final long PRUNE_MILLIS = 60_000;
  private static final long FORGOTTEN_MILLIS = 7L * 24 * 3_600_000;

  private final NodeTable table;
  private final String name;
  private final String incarnation = Ids.next("run_");
  private final Clock clock;
  private final LongSupplier nanos;
  private final Map<String, Seen> seen = new HashMap<>();
  private final PeriodicTask timer = new PeriodicTask("hadal-nodes", this::tick);
  private volatile List<Member> members = List.of();
  private volatile Consumer<List<Member>> listener = list -> {};
  private @Nullable Engine engine;
  private boolean offers;
  private Supplier<Load> load = () -> Load.IDLE;
  private Supplier<@Nullable BlockDigest> news = () -> null;
  private volatile @Nullable ConfigMark config;
  private long differsSince = -1;
  private boolean warned;
  private boolean joined;
  private boolean away;
  private boolean robbed;
  private long pruned;

  /** What was heard of a node, and when by our own clock. */
  private static final class Seen {
    String incarnation = "";
    long beats = -1;
    long at;
    long digestVersion;
    BlockDigest digest = BlockDigest.EMPTY;
  }

  /**
   * Nodes of a database.
   *
   * @param name of this one
   */
  public Nodes(Database database, String name, Clock clock) {
    this(database, name, clock, System::nanoTime);
  }

  Nodes(Database database, String name, Clock clock, LongSupplier nanos) {
    this.table = new NodeTable(database);
    this.name = name;
    this.clock = clock;
    this.nanos = nanos;
  }

  /** Tells this run of this node from others. */
  public String incarnation() {
    return incarnation;
  }

  /** Gets the nodes that are alive, every second and when one comes or goes. */
  public void listener(Consumer<List<Member>> now) {
    listener = now;
  }

  /** Nodes that were alive at the last look. */
  public List<Member> members() {
    return members;
  }

  /** Says, from the next beat on, which configuration this node has. */
  public void config(ConfigMark now) {
    config = now;
  }

  /** Says, from the next beat on, what this node computes for others now. */
  public void offer(Engine now) {
    synchronized (this) {
      if (!now.equals(engine)) {
        engine = now;
        offers = true;
      }
    }
  }

  /** Nodes that are of the kind of this one and have another configuration. */
  public List<Member> differing() {
    ConfigMark own = config;
    List<Member> all = members;
    if (own == null) {
      return List.of();
    }
    boolean computes =
        all.stream().anyMatch(one -> one.incarnation().equals(incarnation) && one.engine() != null);
    return all.stream()
        .filter(one -> !one.incarnation().equals(incarnation) && one.differs(own, computes))
        .toList();
  }

  /** Whether a run of a node goes on. */
  public boolean alive(String run) {
    return run.equals(incarnation)
        || members.stream().anyMatch(member -> member.incarnation().equals(run));
  }

  /**
   * Joins, and says so every second from now on.
   *
   * @param offered what it computes for others; null for nothing
   * @param busy how busy it is
   * @param changes what its prompt cache holds; null when that has not changed
   * @throws FormatException when another process has this name
   */
  public void join(
      @Nullable Engine offered, Supplier<Load> busy, Supplier<@Nullable BlockDigest> changes) {
    synchronized (this) {
      engine = offered;
      load = busy;
      news = changes;
      if (beats(table, name, clock)) {
        throw new FormatException(
            "platform.node",
            "'" + name + "' is the name of a process that runs; each needs its own");
      }
      table.take(name, incarnation, engine, clock.millis());
      joined = true;
    }
    tick();
    timer.every(Duration.ofMillis(BEAT_MILLIS));
  }

  /** Whether a process of a name lives; that may take two seconds to say. */
  public static boolean lives(Database database, String name, Clock clock) {
    return beats(new NodeTable(database), name, clock);
  }

  /** Names of the engine nodes that are alive and have a model or version. */
  public static List<String> offering(Database database, String model, Clock clock) {
    long now = clock.millis();
    return new NodeTable(database)
        .all().stream()
            .filter(row -> row.engine() != null && row.engine().models().contains(model))
            .filter(row -> Math.abs(now - row.renewedAt()) <= LEASE_MILLIS + TOLERANCE_MILLIS)
            .map(NodeTable.Row::name)
            .toList();
  }

  /** A row that was renewed a moment ago is watched. */
  private static boolean beats(NodeTable table, String name, Clock clock) {
    NodeTable.Row before = table.find(name);
    if (before == null || Math.abs(clock.millis() - before.renewedAt()) > LEASE_MILLIS) {
      return false;
    }
    for (int i = 0; i < 8; i++) {
      try {
        Thread.sleep(BEAT_MILLIS / 4);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return true;
      }
      NodeTable.Row now = table.find(name);
      if (now == null || now.beats() != before.beats()) {
        return now != null;
      }
    }
    return false;
  }

  /** Looks and beats soon. */
  public void wake() {
    timer.soon();
  }

  /** Says that this node lives, and looks at the others. */
  synchronized void tick() {
    List<Member> now;
    try {
      if (joined) {
        beat();
      }
      now = look();
      if (away) {
        away = false;
        LOG.log(Level.INFO, "nodes: the database answers again");
      }
    } catch (RuntimeException e) {
      if (!away) {
        away = true;
        LOG.log(Level.WARNING, "nodes: the database does not answer; those known stay");
      }
      return;
    }
    members = now;
    compare();
    listener.accept(now);
  }

  /** Warns once of configurations that stay different. */
  private void compare() {
    List<Member> others = differing();
    long at = nanos.getAsLong();
    if (others.isEmpty()) {
      differsSince = -1;
      warned = false;
    } else if (differsSince < 0) {
      differsSince = at;
    } else if (!warned && at - differsSince > TimeUnit.MILLISECONDS.toNanos(DIFFERS_MILLIS)) {
      warned = true;
      LOG.log(
          Level.WARNING,
          "nodes: the configuration here is not that of {0}",
          String.join(", ", others.stream().map(Member::name).toList()));
    }
  }

  private void beat() {
    BlockDigest changed = news.get();
    long now = clock.millis();
    if (table.beat(name, incarnation, load.get(), config, changed, now)) {
      robbed = false;
      Engine offered = engine;
      if (offers && offered != null) {
        table.offer(name, incarnation, offered);
        offers = false;
      }
      return;
    }
    NodeTable.Row row = table.find(name);
    if (row == null) {
      table.take(name, incarnation, engine, now);
    } else if (!robbed) {
      robbed = true;
      LOG.log(
          Level.ERROR,
          "nodes: another process has taken the name {0}; give each its own platform.node",
          name);
    }
  }

  private List<Member> look() {
    List<NodeTable.Row> rows = table.all();
    long at = nanos.getAsLong();
    List<Member> alive = new ArrayList<>();
    for (NodeTable.Row row : rows) {
      Seen known = seen.get(row.name());
      if (known == null) {
        known = new Seen();
        // At first sight its own clock has to do; a node with a wrong one is seen at its next beat.
        boolean fresh = Math.abs(clock.millis() - row.renewedAt()) <= LEASE_MILLIS;
        known.at = at - (fresh ? 0 : TimeUnit.MILLISECONDS.toNanos(LEASE_MILLIS) + 1);
        known.beats = row.beats();
        known.incarnation = row.incarnation();
        seen.put(row.name(), known);
      }
      if (away || known.beats != row.beats()) {
        known.at = at;
      }
      if (!known.incarnation.equals(row.incarnation())) {
        known.incarnation = row.incarnation();
        known.digestVersion = 0;
        known.digest = BlockDigest.EMPTY;
      }
      known.beats = row.beats();
      if (at - known.at > TimeUnit.MILLISECONDS.toNanos(LEASE_MILLIS)) {
        continue;
      }
      if (known.digestVersion != row.digestVersion()) {
        known.digest = table.digest(row.name());
        known.digestVersion = row.digestVersion();
      }
      alive.add(
          new Member(
              row.name(),
              row.incarnation(),
              row.engine(),
              row.load(),
              known.digest,
              row.config(),
              row.startedAt(),
              row.renewedAt()));
    }
    seen.keySet().retainAll(rows.stream().map(NodeTable.Row::name).toList());
    return List.copyOf(alive);
  }

  /** Forgets rows of nodes that were not heard of for a week. */
  public void prune() {
    long now = clock.millis();
    if (now - pruned > PRUNE_MILLIS) {
      pruned = now;
      table.prune(now - FORGOTTEN_MILLIS);
    }
  }

  /** Leaves: others know at once. */
  @Override
  public void close() {
    timer.close(Duration.ofSeconds(5));
    synchronized (this) {
      if (!joined) {
        return;
      }
      joined = false;
      try {
        table.leave(name, incarnation);
      } catch (RuntimeException e) {
        LOG.log(Level.INFO, "nodes: the database does not answer; others see this end by silence");
      }
    }
  }
}
