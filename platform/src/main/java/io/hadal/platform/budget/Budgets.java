package io.hadal.platform.budget;

import io.hadal.platform.Ids;
import io.hadal.platform.Refusal;
import io.hadal.platform.db.Database;
import io.hadal.platform.lease.LeaseOptions;
import io.hadal.platform.lease.Leases;
import io.hadal.platform.lease.Pool;
import io.hadal.platform.lease.SettingVersion;
import io.hadal.platform.lease.Share;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.LimitScope;
import io.hadal.platform.limits.ScopeIndex;
import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.usage.Work;
import java.lang.System.Logger.Level;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * All budgets and prepaid balances. What is settled and what is held stay within a limit at every
 * moment, over all nodes: a node holds money only out of what it has leased. A request may cost
 * more than was held for it by what one step of it takes; nothing else goes beyond a limit.
 */
public final class Budgets implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("hadal.platform");
  static final String PREFIX = "budget:";
  private static final String BALANCE = PREFIX + "@balance/";

  /** How long a budget counts as used up after it refused, milliseconds. */
  private static final long USED_UP = 30_000;

  private static final long HOUR = 3_600_000;
  private static final long KEPT_WINDOWS = 400 * 24 * HOUR;
  private static final long KEPT_END_USERS = 7 * 24 * HOUR;

  private static final String HELD =
      " Part of it is only held for requests that run; with max_tokens, or streamed, they hold"
          + " less.";

  /** How often a hold takes what a budget seems to have left before it halves what it asks for. */
  private static final int MOST_LOOKS = 4;

  /** Most alerts that are remembered as raised. */
  private static final int MOST_RAISED = 100_000;

  private final Database database;
  private final BudgetStore store;
  private final Leases leases;
  private final Clock clock;
  private final BudgetAlert.Listener listener;
  private final String holds;
  private final AtomicLong count = new AtomicLong();

  /** Pools that refused, and until when that counts. */
  private final ConcurrentHashMap<String, Long> usedUp = new ConcurrentHashMap<>();

  /** What is held for requests that run. */
  private final Set<Hold> running = ConcurrentHashMap.newKeySet();

  private final Set<String> raised = ConcurrentHashMap.newKeySet();
  private volatile Settings settings = new Settings(List.of(), Set.of());
  private volatile long version = -1;
  private long pruned;

  private static final class Settings {
    final Map<String, Budget> budgets = new HashMap<>();
    final ScopeIndex<Budget> index;
    final Set<String> prepaid;

    Settings(List<Budget> all, Set<String> prepaid) {
      all.forEach(budget -> budgets.put(budget.id(), budget));
      this.index = index(all);
      this.prepaid = prepaid;
    }
  }

  /**
   * Reads what is set, and recovers what an earlier run of this node spent. Its journal must have
   * been replayed into the records.
   *
   * @param source what requests cost
   * @param listener gets alerts
   */
  public Budgets(
      Database database,
      LeaseOptions options,
      Clock clock,
      SettledSource source,
      BudgetAlert.Listener listener) {
    this.database = database;
    this.store = new BudgetStore(database);
    this.clock = clock;
    this.listener = listener;
    this.holds = options.node() + ":" + Long.toString(clock.millis(), 36) + ".";
    readSettings();
    this.leases =
        new Leases(
            database,
            options,
            clock,
            (handle, pool, from, to, node) -> spent(source, handle, pool, from, to, node),
            PREFIX);
  }

  /** Says, in the transaction of the change, that keys have other budgets of their own. */
  public static void keysChanged(Handle h) {
    SettingVersion.bump(h, BudgetStore.AREA);
  }

  static String balance(String project) {
    return BALANCE + project;
  }

  private long spent(
      SettledSource source, Handle handle, String pool, long from, long to, @Nullable String node) {
    int slash = pool.indexOf('/');
    String subject = pool.substring(slash + 1);
    if (pool.startsWith(BALANCE)) {
      return source.settledAhead(handle, subject, from, to, node);
    }
    Budget budget = settings.budgets.get(pool.substring(PREFIX.length(), slash));
    return budget == null ? 0 : source.settled(handle, budget.scope(), subject, from, to, node);
  }

  /** Reads budgets anew when this or another node has changed them. */
  public void reload() {
    if (readSettings()) {
      leases.wake();
    }
  }

  private boolean readSettings() {
    long now = store.version();
    if (now == version) {
      return false;
    }
    List<Budget> all = new ArrayList<>(store.all());
    for (Budget budget : store.ofKeys()) {
      if (!budget.equals(settings.budgets.get(budget.id()))) {
        store.resize(budget, clock.millis());
      }
      all.add(budget);
    }
    Settings before = settings;
    settings = new Settings(all, store.prepaid());
    version = now;
    List<Budget> fresh = fresh(before, settings);
    if (!fresh.isEmpty()) {
      ScopeIndex<Budget> index = index(fresh);
      running.forEach(hold -> adopt(hold, index));
    }
    return true;
  }

  private static List<Budget> fresh(Settings before, Settings after) {
    return after.budgets.values().stream()
        .filter(budget -> !before.budgets.containsKey(budget.id()))
        .toList();
  }

  private static ScopeIndex<Budget> index(List<Budget> budgets) {
    return new ScopeIndex<>(budgets, Budget::scope, Budget::scopeId);
  }

  /** A request that runs is in its budgets' windows, also of those that were set meanwhile. */
  private void adopt(Hold hold, ScopeIndex<Budget> fresh) {
    for (ScopeIndex.Match<Budget> match : matches(fresh, hold.work())) {
      Budget budget = match.item();
      boolean adopted = false;
      while (!adopted) {
        Share share = leases.share(budget.pool(match.subject()), hold.start());
        // First what is spent: this request will be, and would count twice.
        leases.refresh(share);
        try {
          hold.adopt(share, budget.action() == BudgetAction.BLOCK);
          adopted = true;
        } catch (Leases.Retired e) {
          Thread.onSpinWait();
        }
      }
    }
  }

  private static List<ScopeIndex.Match<Budget>> matches(ScopeIndex<Budget> index, Work work) {
    String org = work.identity().org();
    return index.find(
        work.identity(),
        work.endUser(),
        budget -> budget.org() == null || budget.org().equals(org));
  }

  /** What a request is paid from: shares in the order of their rules; ahead with a balance. */
  private record Purse(
      Settings set, List<Share> hard, List<Share> soft, Map<Share, Budget> budgets, boolean ahead) {
    boolean isEmpty() {
      return hard.isEmpty() && soft.isEmpty();
    }
  }

  private Purse purse(Work work, long now) {
    Settings set = settings;
    List<Share> hard = new ArrayList<>(4);
    List<Share> soft = new ArrayList<>(4);
    Map<Share, Budget> budgets = new HashMap<>();
    for (ScopeIndex.Match<Budget> match : matches(set.index, work)) {
      Budget budget = match.item();
      Share share = leases.share(budget.pool(match.subject()), now);
      boolean stops =
          switch (budget.action()) {
            case BLOCK -> true;
            case ALERT -> false;
            case DOWNGRADE -> !work.alias().equals(budget.downgradeTo());
          };
      (stops ? hard : soft).add(share);
      budgets.put(share, budget);
    }
    boolean ahead = set.prepaid.contains(work.identity().project());
    if (ahead) {
      hard.add(leases.share(balancePool(work.identity().project()), now));
    }
    return new Purse(set, hard, soft, budgets, ahead);
  }

  private static Pool balancePool(String project) {
    return new Pool(balance(project), Window.TOTAL, ZoneOffset.UTC, 0, false, false);
  }

  /**
   * Holds money for a request in all budgets that match it and in the balance of its project.
   *
   * @param now when the request began, milliseconds since 1970; it counts in that moment's windows
   * @param amount nano-USD
   * @return null when nothing matches and it costs nothing
   * @throws Refusal when one of them has too little; nothing is held then
   */
  public @Nullable Hold hold(Work work, long now, long amount) {
    return hold(work, now, amount, amount);
  }

  /**
   * The same where it is not known how much is needed: what is left, when that is less than the
   * amount.
   *
   * @param amount nano-USD that it cannot cost more than
   * @param least nano-USD without which it is refused
   */
  public @Nullable Hold hold(Work work, long now, long amount, long least) {
    // Something is always held, so that shares stay while requests run.
    long held = Math.max(1, amount);
    long needed = Math.max(1, Math.min(amount, least));
    for (int tries = 0; ; tries++) {
      Purse purse = purse(work, now);
      if (purse.isEmpty() && amount == 0) {
        return null;
      }
      Leases.Shortage missing;
      try {
        missing = leases.take(purse.hard, purse.soft, held);
      } catch (Leases.Retired e) {
        Thread.onSpinWait();
        continue;
      }
      if (missing == null) {
        // A running request goes on when a budget asks for cheaper ones.
        List<Share> hard = new ArrayList<>(purse.hard.size());
        List<Share> soft = new ArrayList<>(purse.soft);
        for (Share share : purse.hard) {
          Budget budget = purse.budgets.get(share);
          boolean stops = budget == null || budget.action() == BudgetAction.BLOCK;
          (stops ? hard : soft).add(share);
        }
        return begun(purse, work, now, hard, soft, held);
      }
      if (missing.unknown() || held <= needed) {
        Share share = missing.share();
        boolean onlyHeld = least < amount && share.total() - share.totalSettled() >= needed;
        throw refusal(missing, purse.budgets.get(share), now, onlyHeld ? HELD : "");
      }
      // What is left as far as this node knows; others may have leased it.
      long left = missing.share().left();
      boolean known = tries < MOST_LOOKS && left >= needed && left < held;
      held = known ? left : Math.max(needed, held / 2);
    }
  }

  /**
   * Takes money for what was done already, also out of budgets that have too little: they are
   * overdrawn then, and refuse what follows.
   *
   * @return null when nothing matches
   */
  public @Nullable Hold overdraw(Work work, long now, long amount) {
    long held = Math.max(1, amount);
    while (true) {
      Purse purse = purse(work, now);
      List<Share> all = new ArrayList<>(purse.hard);
      all.addAll(purse.soft);
      if (all.isEmpty()) {
        return null;
      }
      try {
        leases.take(List.of(), all, held);
      } catch (Leases.Retired e) {
        Thread.onSpinWait();
        continue;
      }
      return begun(purse, work, now, List.of(), all, held);
    }
  }

  private Hold begun(
      Purse purse, Work work, long now, List<Share> hard, List<Share> soft, long held) {
    Hold hold =
        new Hold(purse.isEmpty() ? null : id(purse), leases, work, now, running, hard, soft, held);
    running.add(hold);
    Settings set = settings;
    if (set != purse.set) {
      // Changed while it was taken: who did so may not have seen it.
      adopt(hold, index(fresh(purse.set, set)));
    }
    return hold;
  }

  private String id(Purse purse) {
    return holds + count.incrementAndGet() + (purse.ahead ? "" : Prepaid.AFTERWARDS);
  }

  private Refusal refusal(
      Leases.Shortage missing, @Nullable Budget budget, long now, String advice) {
    if (missing.unknown()) {
      return new Refusal(
          Refusal.Reason.UNAVAILABLE,
          "Budgets cannot be checked at the moment. Please try again.",
          1000,
          null);
    }
    if (budget == null) {
      return new Refusal(
          Refusal.Reason.BALANCE,
          "The prepaid balance of this project is used up. Top it up to go on." + advice);
    }
    Window.Span span = missing.share().span();
    usedUp.put(missing.share().pool().id(), Math.min(span.end(), now + USED_UP));
    String message =
        "The budget '"
            + budget.name()
            + "' of this "
            + budget.scope().text().replace('_', ' ')
            + " is used up: "
            + usd(missing.share().total())
            + " USD"
            + (budget.window() == Window.TOTAL ? "" : " for the " + budget.window().text())
            + "."
            + (budget.downgradeTo() == null
                ? ""
                : " The model '" + budget.downgradeTo() + "' may still be used.")
            + advice;
    return new Refusal(
        Refusal.Reason.BUDGET,
        message,
        0,
        span.end() == Long.MAX_VALUE ? null : Instant.ofEpochMilli(span.end()));
  }

  private static String usd(long nano) {
    return BigDecimal.valueOf(nano, 9).stripTrailingZeros().toPlainString();
  }

  /**
   * The cheaper model that a request should use because a budget is used up. To be asked before a
   * name is resolved, and again when a hold was refused.
   *
   * @param alias name of the model as the client wrote it
   * @return null for the one it asked for
   */
  public @Nullable String downgrade(Identity identity, @Nullable String endUser, String alias) {
    long now = clock.millis();
    for (ScopeIndex.Match<Budget> match :
        settings.index.find(
            identity,
            endUser,
            budget ->
                budget.action() == BudgetAction.DOWNGRADE
                    && (budget.org() == null || budget.org().equals(identity.org())))) {
      Budget budget = match.item();
      if (alias.equals(budget.downgradeTo())) {
        continue;
      }
      Pool pool = budget.pool(match.subject());
      Long until = usedUp.get(pool.id());
      if ((until != null && now < until) || leases.share(pool, now).left() <= 0) {
        return budget.downgradeTo();
      }
    }
    return null;
  }

  /** Whether a project may only use what it has paid ahead. */
  public boolean paysAhead(String project) {
    return settings.prepaid.contains(project);
  }

  /**
   * What the tightest budget leaves that may refuse a request of this kind, nano-USD.
   *
   * @return null when there is none
   */
  public @Nullable Long left(Identity identity) {
    long now = clock.millis();
    Long least = null;
    for (ScopeIndex.Match<Budget> match :
        settings.index.find(
            identity,
            null,
            budget ->
                budget.action() == BudgetAction.BLOCK
                    && (budget.org() == null || budget.org().equals(identity.org())))) {
      Share share = leases.share(match.item().pool(match.subject()), now);
      leases.refresh(share);
      long left = Math.max(0, share.left());
      least = least == null ? left : Long.valueOf(Math.min(least, left));
    }
    return least;
  }

  /** The prepaid balance of a project; null when it does not pay in advance. */
  public @Nullable BudgetState balanceState(String project) {
    leases.sweep(this::alerts);
    List<BudgetState> states = store.states(balance(project), true, clock.millis(), 1);
    return states.isEmpty() ? null : states.getFirst();
  }

  /** How a budget stands for each subject in its window. */
  public List<BudgetState> states(Budget budget, int most) {
    leases.sweep(this::alerts);
    long now = clock.millis();
    boolean one = !budget.scopeId().endsWith(LimitScope.EACH);
    List<BudgetState> states =
        store.states(one ? budget.prefix() + budget.scopeId() : budget.prefix(), one, now, most);
    if (one && states.isEmpty()) {
      Window.Span span = budget.window().at(now, budget.zone());
      return List.of(
          new BudgetState(budget.scopeId(), span.start(), span.end(), budget.limit(), 0, 0, 0, 0));
    }
    return states;
  }

  /** The newest alerts, of an organisation or of all. */
  public List<BudgetAlert> alerts(@Nullable String org, int most) {
    return store.alerts(org, most);
  }

  /** All budgets, in the order of their ids. */
  public List<Budget> list() {
    return store.all();
  }

  /** A budget; null for none. */
  public @Nullable Budget find(String id) {
    return store.find(id);
  }

  /** Sets a budget; it holds at once here, within a second on other nodes. */
  public void create(Budget budget) {
    store.insert(budget);
    database.afterwards(this::reload);
  }

  /** Changes all of a budget but whom and which window it is for. */
  public void update(Budget budget) {
    store.update(budget, clock.millis());
    // Whoever has a share locked may wait to write: never inside of a transaction.
    database.afterwards(
        () -> {
          usedUp.keySet().removeIf(pool -> pool.startsWith(budget.prefix()));
          reload();
          leases.flush();
        });
  }

  /** Lifts a budget. */
  public void delete(String id) {
    store.delete(id);
    database.afterwards(this::reload);
  }

  /**
   * Writes what was settled, looks for changes and raises alerts. To be called every second.
   *
   * @throws RuntimeException when the database does not answer
   */
  public void sweep() {
    leases.sweep(this::alerts);
    reload();
    long now = clock.millis();
    usedUp.values().removeIf(until -> until <= now);
    if (now - pruned > 24 * HOUR) {
      pruned = now;
      prune(now);
    }
  }

  private void prune(long now) {
    store.prune(now - KEPT_WINDOWS);
    Map<String, Budget> there = settings.budgets;
    for (Budget budget : there.values()) {
      // There may be many end users, and one may never come again.
      if (budget.scope() == LimitScope.END_USER && !budget.carryOver()) {
        store.prune(budget, now - KEPT_END_USERS);
      }
    }
    store.pruneGone(there.keySet());
  }

  private void alerts(Share share) {
    String pool = share.pool().id();
    int slash = pool.indexOf('/');
    Budget budget = settings.budgets.get(pool.substring(PREFIX.length(), slash));
    if (budget == null || share.total() <= 0) {
      return;
    }
    long total = share.total();
    long settled = share.totalSettled();
    for (int percent : budget.softPercents()) {
      if (settled < total / 100 * percent + total % 100 * percent / 100) {
        return;
      }
      String key = pool + "|" + share.span().start() + "|" + percent;
      if (raised.contains(key)) {
        continue;
      }
      BudgetAlert alert =
          new BudgetAlert(
              Ids.next("alert_"),
              budget.id(),
              budget.name(),
              budget.org(),
              budget.scope(),
              pool.substring(slash + 1),
              share.span().start(),
              share.span().end(),
              percent,
              settled,
              total,
              clock.millis());
      try {
        store.raise(alert, listener);
        if (raised.size() >= MOST_RAISED) {
          raised.clear();
        }
        raised.add(key);
      } catch (RuntimeException e) {
        LOG.log(Level.WARNING, "budgets: an alert must wait: {0}", e.getMessage());
      }
    }
  }

  /**
   * Part of its limit that the budget has which has least of it, among those of a scope that this
   * node uses.
   *
   * @return no number when there is none
   */
  public double leastLeft(LimitScope scope) {
    double least = Double.NaN;
    for (Share share : leases.all()) {
      String pool = share.pool().id();
      Budget budget = settings.budgets.get(pool.substring(PREFIX.length(), pool.indexOf('/')));
      if (budget != null && budget.scope() == scope && share.total() > 0) {
        double left = (double) share.left() / share.total();
        least = Double.isNaN(least) ? left : Math.min(least, left);
      }
    }
    return least;
  }

  /** What this node has of budgets and balances now. */
  public List<Share> shares() {
    return leases.all();
  }

  /** Writes everything; requests must have ended. */
  @Override
  public void close() {
    leases.sweep(this::alerts);
    leases.close();
  }
}
