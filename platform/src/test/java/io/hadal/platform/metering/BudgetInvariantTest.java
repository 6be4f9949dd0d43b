package io.hadal.platform.metering;

import static org.assertj.core.api.Assertions.assertThat;

import io.hadal.platform.Refusal;
import io.hadal.platform.budget.Budget;
import io.hadal.platform.budget.BudgetAction;
import io.hadal.platform.budget.BudgetState;
import io.hadal.platform.budget.Budgets;
import io.hadal.platform.db.Database;
import io.hadal.platform.db.DatabaseKind;
import io.hadal.platform.db.DatabaseOptions;
import io.hadal.platform.db.OnBothDatabases;
import io.hadal.platform.db.TestDatabases;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.lease.Share;
import io.hadal.platform.lease.TestClock;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.RateLimits;
import io.hadal.platform.money.Charging;
import io.hadal.platform.money.PriceSnapshot;
import io.hadal.platform.usage.Ending;
import io.hadal.platform.usage.Metered;
import io.hadal.platform.usage.Outcome;
import io.hadal.platform.usage.Quantities;
import io.hadal.platform.usage.Work;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.RepeatedTest;

/**
 * Platform specification, 6, test 1, and the invariant of 2.4: what is settled and held never
 * exceeds a limit, whatever requests, cancellations and crashes come at once.
 */
class BudgetInvariantTest {
  private static final long USD = 1_000_000_000;

  /** One USD for a million tokens of prompts, ten for answers. */
  private static final PriceSnapshot PRICE =
      new PriceSnapshot(7, 1_000_000, 100_000, 1_250_000, 10_000_000, 10_000_000, 0, 0, 0);

  private final TestClock clock = new TestClock("2026-11-29T10:00:00Z");
  private final MemoryJournal journal = new MemoryJournal();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger cut = new AtomicInteger();
  private final AtomicInteger crashed = new AtomicInteger();
  private volatile boolean slow;
  private final Queue<String> broken = new ConcurrentLinkedQueue<>();

  private static final class Node {
    final Budgets budgets;
    final Metering metering;
    volatile boolean dead;
    final AtomicInteger busy = new AtomicInteger();

    Node(Budgets budgets, Metering metering) {
      this.budgets = budgets;
      this.metering = metering;
    }
  }

  private Node node(Database database, LeaseOptions options) {
    Budgets budgets = new Budgets(database, options, clock, journal, (handle, alert) -> {});
    return new Node(
        budgets,
        new Metering(
            new RateLimits(database, options, clock),
            budgets,
            (version, project, when) -> PRICE,
            journal,
            Charging.FAULTS_FREE,
            clock,
            Duration.ofHours(1)));
  }

  private Budget budget(LimitScope scope, String id, long limit) {
    return new Budget(
        "bud_" + scope.text(),
        "o",
        scope,
        id,
        scope.text(),
        Window.MONTH,
        ZoneOffset.UTC,
        limit,
        List.of(80, 100),
        BudgetAction.BLOCK,
        null,
        false,
        clock.millis(),
        "test");
  }

  /** One request: cached prompts, long answers, clients that leave, and nodes that die. */
  private void request(Node node, long seed) throws InterruptedException {
    Random random = new Random(seed);
    long prompt = 100L + random.nextInt(4000);
    long most = 1L + random.nextInt(3000);
    Work work = TestWork.work("p", "k" + random.nextInt(5), "m", prompt, most);
    Metered metered;
    try {
      metered = node.metering.admit(work);
    } catch (Refusal e) {
      assertThat(e.reason()).isEqualTo(Refusal.Reason.BUDGET);
      refused.incrementAndGet();
      return;
    }
    long cached = random.nextInt(3) == 0 ? prompt / 2 : 0;
    long written = random.nextInt(3) == 0 ? prompt / 4 : 0;
    long stop = random.nextInt(4) == 0 ? random.nextLong(most) : most;
    long output = 0;
    Outcome outcome = Outcome.COMPLETED;
    Quantities took = Quantities.NONE;
    while (output < stop) {
      // Speculation makes steps of several tokens.
      output = Math.min(stop, output + 1L + random.nextInt(4));
      took = Quantities.tokens(prompt - cached - written, cached, written, output, 0);
      if (node.dead) {
        return;
      }
      if (!metered.produced(took)) {
        outcome = Outcome.BUDGET_EXHAUSTED;
        cut.incrementAndGet();
        break;
      }
      if (slow && random.nextInt(50) == 0) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
    }
    if (node.dead) {
      return;
    }
    if (stop < most && outcome == Outcome.COMPLETED) {
      outcome = random.nextBoolean() ? Outcome.CLIENT_LEFT : Outcome.ERROR;
    }
    long cost = metered.end(Ending.local(took, outcome, 200, clock.millis(), 0, 0));
    if (metered.end(Ending.local(took, Outcome.COMPLETED, 200, 0, 0, 0)) != cost) {
      broken.add("a second end had another cost");
    }
  }

  private void check(Database database, List<Node> nodes) {
    for (Node node : nodes) {
      for (Share share : node.budgets.shares()) {
        if (share.overdrawn() && !node.dead) {
          broken.add("a node uses more than its authority of " + share.pool().id());
        }
      }
    }
    List<String> over =
        database.read(
            h ->
                h.createQuery(
                        "SELECT p.pool FROM lease_pool p WHERE p.committed > p.capacity + p.carry"
                            + " OR p.committed <> p.baseline + (SELECT coalesce(sum(s.authority),"
                            + " 0) FROM lease_share s WHERE s.pool = p.pool AND s.window_start ="
                            + " p.window_start) OR EXISTS (SELECT 1 FROM lease_share s WHERE s.pool"
                            + " = p.pool AND s.window_start = p.window_start AND s.settled + s.held"
                            + " > s.authority)")
                    .mapTo(String.class)
                    .list());
    broken.addAll(over);
  }

  @OnBothDatabases
  void oneNode(DatabaseKind kind) throws Exception {
    try (Database database = TestDatabases.open(kind)) {
      Node node = node(database, LeaseOptions.alone("n1"));
      run(List.of(database), List.of(LeaseOptions.alone("n1")), List.of(node), 200, 1, false);
    }
  }

  @RepeatedTest(2)
  void threeNodesThatCrash() throws Exception {
    DatabaseOptions options = TestDatabases.fresh(DatabaseKind.POSTGRESQL);
    List<Database> databases = new ArrayList<>();
    List<LeaseOptions> leases = new ArrayList<>();
    List<Node> nodes = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        databases.add(Database.open(options));
        leases.add(LeaseOptions.shared("n" + i));
        nodes.add(node(databases.get(i), leases.get(i)));
      }
      run(databases, leases, nodes, 300, System.nanoTime(), true);
    } finally {
      databases.forEach(Database::close);
    }
  }

  private void run(
      List<Database> databases,
      List<LeaseOptions> leases,
      List<Node> start,
      int requests,
      long seed,
      boolean crashes)
      throws Exception {
    AtomicReferenceArray<Node> nodes = new AtomicReferenceArray<>(start.toArray(Node[]::new));
    slow = crashes;
    Budget project = budget(LimitScope.PROJECT, "p", USD);
    start.getFirst().budgets.create(project);
    start.getFirst().budgets.create(budget(LimitScope.KEY, "*", USD / 4));
    start.forEach(node -> node.metering.sweep());
    CountDownLatch go = new CountDownLatch(1);
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < requests; i++) {
        int at = i % nodes.length();
        long own = seed + i;
        running.add(
            threads.submit(
                () -> {
                  go.await();
                  Node node = enter(nodes, at);
                  try {
                    request(node, own);
                  } finally {
                    node.busy.decrementAndGet();
                  }
                  return 0;
                }));
      }
      go.countDown();
      int tick = 0;
      while (running.stream().anyMatch(task -> !task.isDone())) {
        TimeUnit.MILLISECONDS.sleep(5);
        if (crashes && tick++ % 3 == 0) {
          int at = tick / 3 % nodes.length();
          crash(nodes, at, databases.get(at), leases.get(at));
        }
        clock.advance(500);
        List<Node> now = new ArrayList<>();
        for (int i = 0; i < nodes.length(); i++) {
          Node node = nodes.get(i);
          now.add(node);
          if (!node.dead) {
            node.metering.sweep();
          }
        }
        check(databases.getFirst(), now);
      }
      for (Future<?> task : running) {
        task.get();
      }
    }
    List<Node> last = new ArrayList<>();
    for (int i = 0; i < nodes.length(); i++) {
      last.add(nodes.get(i));
    }
    last.forEach(node -> node.metering.sweep());
    check(databases.getFirst(), last);
    assertThat(broken).isEmpty();
    BudgetState state = last.getFirst().budgets.states(project, 1).getFirst();
    assertThat(state.settled()).isEqualTo(journal.cost());
    assertThat(state.held()).isZero();
    assertThat(journal.cost()).isLessThanOrEqualTo(USD);
    if (!crashes) {
      // The money was used, and it was not enough for all.
      assertThat(journal.cost()).isGreaterThan(USD * 3 / 4);
      assertThat(refused.get() + cut.get()).isPositive();
    } else {
      assertThat(crashed.get()).isPositive();
    }
    last.forEach(node -> assertThat(node.metering.active()).isZero());
    last.forEach(node -> node.metering.close());
    check(databases.getFirst(), last);
    assertThat(broken).isEmpty();
  }

  private static Node enter(AtomicReferenceArray<Node> nodes, int at) throws InterruptedException {
    while (true) {
      Node node = nodes.get(at);
      if (!node.dead) {
        node.busy.incrementAndGet();
        if (!node.dead) {
          return node;
        }
        node.busy.decrementAndGet();
      }
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  /** The node is gone from one moment to the next, and comes back with its journal replayed. */
  private void crash(
      AtomicReferenceArray<Node> nodes, int at, Database database, LeaseOptions options)
      throws InterruptedException {
    Node old = nodes.get(at);
    old.dead = true;
    while (old.busy.get() > 0) {
      TimeUnit.MILLISECONDS.sleep(1);
    }
    nodes.set(at, node(database, options));
    crashed.incrementAndGet();
  }
}
